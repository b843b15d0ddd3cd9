import {
  compileVaultAcl,
  type NamedVaultPolicy,
  parseVaultPolicy,
  refusingVaultAcl,
  type VaultAcl,
} from "@coffer/policy";
import { invariant } from "../errors.ts";
import { ReadThroughCache } from "../keys/read-through-cache.ts";
import { limits } from "../limits.ts";
import type { TokenRecord } from "../model/principal.ts";
import type { MountDirectory } from "../mounts/mount-directory.ts";
import type { Write } from "../ports/store.ts";
import type { VaultEntries } from "./vault-entries.ts";
import { type EntityAccess, entityAccess } from "./vault-identities.ts";
import { findVaultPolicy, vaultPolicyArea } from "./vault-policy-entry.ts";

/** Areas whose records decide what tokens may do begin so, beside that of the policies. */
export const identityAreaPrefix = "identity/";

const noEntity: EntityAccess = { disabled: false, policies: [], identity: {} };

/** Compiles the ACL policies of tokens, and keeps them until one changes. */
export class VaultAcls {
  readonly #entries: VaultEntries;
  readonly #mounts: MountDirectory;
  /** By the names of the policies and the entity. */
  readonly #acls = new ReadThroughCache<VaultAcl>(limits.cachedIdentities.value);

  constructor(entries: VaultEntries, mounts: MountDirectory) {
    this.#entries = entries;
    this.#mounts = mounts;
  }

  /**
   * What a token may do; synchronous when it is in memory. Policies that are gone give nothing, and neither does anything to
   * a token whose auth method was disabled or moved since.
   */
  of(token: TokenRecord): VaultAcl | Promise<VaultAcl> {
    const stands = this.#mounts.stands(token);
    if (stands instanceof Promise) return stands.then((standing) => (standing ? this.#of(token) : standless(token)));
    return stands ? this.#of(token) : standless(token);
  }

  #of(token: TokenRecord): VaultAcl | Promise<VaultAcl> {
    const { vaultPolicies, vault } = token;
    // Names may hold anything, so that no two lists of them must look alike.
    const name = JSON.stringify([vault?.entityId ?? "", ...vaultPolicies]);
    return this.#acls.cached(name) ?? this.#load(name, token);
  }

  /** Drops from memory what the writes changed. Called once after each commit. */
  forget(writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.table !== "vaultEntries") continue;
      const { area } = write.op === "delete" ? write.key : write.row;
      if (area === vaultPolicyArea || area.startsWith(identityAreaPrefix)) {
        this.#acls.forgetAll();
        return;
      }
    }
  }

  async #load(name: string, { vaultPolicies, vault }: TokenRecord): Promise<VaultAcl> {
    const acl = await this.#acls.find(name, async () => {
      const entityId = vault?.entityId ?? "";
      const access = entityId === "" ? noEntity : await entityAccess(this.#entries, entityId);
      // Whose entity is disabled or gone may do nothing (OpenBao, internal/vault/request_handling.go).
      if (access === undefined || access.disabled) return refusingVaultAcl("entity", vaultPolicies);
      const found: NamedVaultPolicy[] = [];
      const names = new Set([...vaultPolicies, ...access.policies]);
      for (const policy of names) {
        const named = await this.#read(policy);
        if (named !== undefined) found.push(named);
      }
      return compileVaultAcl(found, access.identity, [...names].sort());
    });
    invariant(acl !== undefined, "an ACL of no policies is one too");
    return acl;
  }

  async #read(name: string): Promise<NamedVaultPolicy | undefined> {
    const found = await findVaultPolicy(this.#entries, name);
    if (found === undefined) return undefined;
    const parsed = parseVaultPolicy(found.text);
    invariant(parsed.ok, "a stored policy parses");
    return {
      name,
      policy: parsed.policy,
      allowSlashesInTemplates: found.allowSlashes,
      allowWildcardsInTemplates: found.allowWildcards,
      ...(found.expiresAtMs === undefined ? {} : { expiresAtMs: found.expiresAtMs }),
    };
  }
}

function standless({ vaultPolicies }: TokenRecord): VaultAcl {
  return refusingVaultAcl("authMethod", vaultPolicies);
}
