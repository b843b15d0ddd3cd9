import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { VaultAlias } from "../../model/vault-identity.ts";
import { StoreConflict, type Write } from "../../ports/store.ts";
import { sanitisePolicies } from "../../vault/issue-token.ts";
import type { VaultEntries, VaultEntry } from "../../vault/vault-entries.ts";
import type { IdReference, IndexArea } from "../../vault/vault-identities.ts";
import { vaultPathAccess } from "../../vault/vault-principal.ts";

/** The auth mount with an accessor. @throws ServiceError InvalidInput */
export async function authMountOf(core: Core, accessor: string): Promise<Pick<VaultAlias, "mountPath" | "mountType">> {
  const mounts = await core.store.listMounts(undefined, limits.mounts.value);
  const mount = mounts.find((each) => each.accessor === accessor && each.path.startsWith("auth/"));
  if (mount === undefined) refuseInput(`invalid mount accessor ${JSON.stringify(accessor)}`);
  return { mountPath: mount.path, mountType: mount.type };
}

/** What the operations on identities have in common: ACL policies, or IAM policies on the path, decide. */
export const identityOperation = {
  plane: "control",
  eventSource: "vault.coffer",
  instanceWide: true,
  keys: [],
  resources: vaultPathAccess,
} as const;

/** Bad input, in the original's words. */
export function refuseInput(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

export function checkIdentityName(name: string, member: string): void {
  const max = limits.vaultIdentityNameChars.value;
  if (name === "") refuseInput(`missing ${member}`);
  if (name.length > max) refuseInput(`${member} has more than ${max} characters`);
}

export function checkMetadata(metadata: Readonly<Record<string, string>>): void {
  const pairs = Object.entries(metadata);
  const { vaultMetadataPairs, vaultMetadataKeyChars, vaultMetadataValueChars } = limits;
  if (pairs.length > vaultMetadataPairs.value) {
    refuseInput(`metadata has more than ${vaultMetadataPairs.value} pairs`);
  }
  for (const [key, value] of pairs) {
    if (key.length > vaultMetadataKeyChars.value) {
      refuseInput(`a key of metadata has more than ${vaultMetadataKeyChars.value} characters`);
    }
    if (value.length > vaultMetadataValueChars.value) {
      refuseInput(`a value of metadata has more than ${vaultMetadataValueChars.value} characters`);
    }
  }
}

/** Names of policies as identities have them; `root` is for tokens alone. */
export function identityPolicies(policies: readonly string[]): readonly string[] {
  const names = sanitisePolicies(policies, false);
  if (names.includes("root")) refuseInput("policies cannot contain root");
  const max = limits.vaultIdentityPolicies.value;
  if (names.length > max) refuseInput(`more than ${max} policies`);
  return names;
}

/** The writes that lead another name to an id, or none where the name stays. */
export async function renameWrites(
  entries: VaultEntries,
  area: IndexArea,
  before: string | undefined,
  after: string,
  id: string,
): Promise<Write[]> {
  if (before === after) return [];
  const reference: IdReference = { id };
  const old = before === undefined ? [] : await dropReference(entries, area, before);
  return [...old, entries.insert(area, after, reference)];
}

export async function dropReference(entries: VaultEntries, area: IndexArea, name: string): Promise<Write[]> {
  const found = await entries.get<IdReference>(area, name);
  return found === undefined ? [] : [entries.delete(found)];
}

/** Commits; where somebody else took a name meanwhile, all is decided anew. */
export async function commitIdentity(core: Core, writes: readonly Write[]): Promise<void> {
  try {
    await core.commit(writes);
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error;
    throw new StoreConflict("stale", error.table);
  }
}

/** Every value of an area, by name. */
export async function valuesOf<T>(core: Core, area: string): Promise<VaultEntry<T>[]> {
  const found: VaultEntry<T>[] = [];
  for (let after: string | undefined; ; after = found.at(-1)?.name) {
    const page = await core.vaultEntries.page<T>(area, after, limits.pageItems.value);
    found.push(...page);
    if (page.length < limits.pageItems.value) return found;
  }
}
