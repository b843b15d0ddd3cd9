import type { Core } from "../../core.ts";
import { limits } from "../../limits.ts";
import type { MountRecord } from "../../model/mount.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { vaultPathAccess } from "../../vault/vault-principal.ts";
import { findSecret, listVersions, secretsArea } from "./secret.ts";
import type { SecretMetadata } from "./secret-metadata.ts";

export interface ListSecretsInput {
  readonly mount: MountRecord;
  /** Empty for the mount itself, or with a slash at its end. */
  readonly folder: string;
  /** A name of the listing before. */
  readonly after?: string | undefined;
  /** 0: as many as one answer holds. */
  readonly limit: number;
  /** Whether the folders in it are walked too (OpenBao: SCAN). */
  readonly deep: boolean;
  /** Whether the metadata of each secret is wanted. */
  readonly detailed: boolean;
}

export interface ListSecretsOutput {
  readonly names: readonly string[];
  /** Whether there are more than an answer holds. */
  readonly more: boolean;
  /** By name, for a detailed list; folders have none. */
  readonly metadata: ReadonlyMap<string, SecretMetadata>;
}

/** Names below a folder, folders too when the list is not deep, by name. */
export async function listNames(
  core: Core,
  area: string,
  { folder, after, limit, deep }: Pick<ListSecretsInput, "folder" | "after" | "limit" | "deep">,
  most: number = limits.listedSecrets.value,
): Promise<{ readonly names: readonly string[]; readonly more: boolean }> {
  const wanted = limit > 0 ? Math.min(limit, most) : most;
  const names: string[] = [];
  let cursor = after;
  for (;;) {
    const page = Math.min(wanted - names.length, limits.pageItems.value);
    const { names: found, more } = await core.vaultEntries.list(area, folder, cursor, page, deep);
    for (const name of found) names.push(name);
    cursor = found.at(-1) ?? cursor;
    if (!more) return { names, more: false };
    if (names.length >= wanted) return { names, more: wanted === most };
  }
}

/** Vault API: KV v2, list secrets. */
export const listSecrets = defineOperation<ListSecretsInput, ListSecretsOutput>({
  name: "ListSecrets",
  plane: "data",
  readOnly: true,
  eventSource: "vault.coffer",
  instanceWide: true,
  keys: [],
  resources: vaultPathAccess,
  record: ({ mount, folder, deep, detailed }) => ({ mount: mount.path, folder, deep, detailed }),
  async run({ core, input }) {
    const { mount, folder, detailed } = input;
    const most = detailed ? limits.pageItems.value : limits.listedSecrets.value;
    const { names, more } = await listNames(core, secretsArea(mount), input, most);
    const metadata = new Map<string, SecretMetadata>();
    for (const name of detailed ? names : []) {
      const secret = (await findSecret(core, { mount, path: folder + name }))?.value;
      if (secret !== undefined) metadata.set(name, { secret, versions: await listVersions(core, mount, secret.id) });
    }
    return { names, more, metadata };
  },
});
