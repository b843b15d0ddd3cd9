import { parseVaultPolicy } from "@coffer/policy";
import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { StoreConflict, type Write } from "../../ports/store.ts";
import {
  type CurrentVaultPolicy,
  findVaultPolicy,
  fixedVaultPolicies,
  type StoredVaultPolicy,
  vaultPolicyArea,
  vaultPolicyName,
} from "../../vault/vault-policy-entry.ts";
import { vaultPathAccess } from "../../vault/vault-principal.ts";

const shared = {
  plane: "control",
  eventSource: "vault.coffer",
  instanceWide: true,
  keys: [],
  resources: vaultPathAccess,
} as const;

export interface VaultPolicyInput {
  /** In any case. */
  readonly name: string;
}

/** A policy under its name. */
export interface FoundVaultPolicy {
  readonly name: string;
  readonly policy: CurrentVaultPolicy;
}

/** Vault API: sys/policies/acl, list. All names in order, `default` among them, and `root` last where none is asked for by prefix. */
export const listVaultPolicies = defineOperation<{ readonly prefix: string }, { readonly names: readonly string[] }>({
  ...shared,
  name: "ListVaultPolicies",
  readOnly: true,
  record: ({ prefix }) => (prefix === "" ? null : { prefix }),
  async run({ core, input: { prefix }, nowMs }) {
    const names = new Set(["default"]);
    for (let after: string | undefined; ; ) {
      const page = await core.store.listVaultEntries(vaultPolicyArea, after, limits.pageItems.value);
      for (const { name, expiresAtMs } of page) if (expiresAtMs === undefined || expiresAtMs > nowMs) names.add(name);
      after = page.at(-1)?.name;
      if (page.length < limits.pageItems.value) break;
    }
    const found = [...names].filter((name) => name.startsWith(prefix)).sort();
    return { names: prefix === "" ? [...found, "root"] : found };
  },
});

/** Vault API: sys/policies/acl/NAME, read. Undefined when there is none. */
export const readVaultPolicy = defineOperation<VaultPolicyInput, FoundVaultPolicy | undefined>({
  ...shared,
  name: "ReadVaultPolicy",
  readOnly: true,
  record: ({ name }) => ({ name: vaultPolicyName(name) }),
  async run({ core, input }) {
    const name = vaultPolicyName(input.name);
    const policy = await findVaultPolicy(core.vaultEntries, name);
    return policy && { name, policy };
  },
});

export interface WriteVaultPolicyInput extends VaultPolicyInput {
  readonly text: string | undefined;
  /** The version that is to be changed; -1 where there must be none. */
  readonly cas: number | undefined;
  readonly casRequired: boolean | undefined;
  readonly expiresAtMs: number | undefined;
  readonly allowSlashes: boolean | undefined;
  readonly allowWildcards: boolean | undefined;
  /** What is undefined stays as it was (Vault API: PATCH), and the policy must be there. */
  readonly patches: boolean;
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/**
 * Vault API: sys/policies/acl/NAME, write and patch. Errors: InvalidInput, PolicyMalformed, NotFound where a patch finds none.
 */
export const writeVaultPolicy = defineOperation<WriteVaultPolicyInput, FoundVaultPolicy>({
  ...shared,
  name: "WriteVaultPolicy",
  readOnly: false,
  record: ({ name, patches }) => ({ name: vaultPolicyName(name), ...(patches ? { patches } : {}) }),
  recordOutput: ({ policy }) => ({ version: policy.version }),
  async run({ core, input, nowMs }) {
    const name = vaultPolicyName(input.name);
    checkName(name);
    const existing = await findVaultPolicy(core.vaultEntries, name);
    if (existing === undefined && input.patches) {
      throw ServiceError.of("NotFound", { resource: "policy", id: name, reason: "policy not found" });
    }
    const before = input.patches ? existing : undefined;
    const text = input.text ?? before?.text ?? "";
    if (text === "") refuse("'policy' parameter not supplied or empty");
    const expiresAtMs = input.expiresAtMs ?? before?.expiresAtMs;
    if (expiresAtMs !== undefined && expiresAtMs <= nowMs) {
      refuse("refusing to update policy as expiration time has already elapsed");
    }
    const parsed = parseVaultPolicy(text);
    if (!parsed.ok) throw ServiceError.of("PolicyMalformed", { reason: parsed.reason });
    const casRequired = input.casRequired ?? before?.casRequired ?? false;
    checkVersion(existing, input.cas ?? (input.patches ? existing?.version : undefined), casRequired);
    const stored: StoredVaultPolicy = {
      text,
      version: (existing?.version ?? 0) + 1,
      casRequired,
      modifiedAtMs: nowMs,
      allowSlashes: input.allowSlashes ?? before?.allowSlashes ?? false,
      allowWildcards: input.allowWildcards ?? before?.allowWildcards ?? false,
    };
    await commitPolicy(core, name, existing, stored, expiresAtMs);
    return { name, policy: { ...stored, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) } };
  },
});

function checkName(name: string): void {
  if (name === "") refuse("policy name must be provided in the URL");
  if (fixedVaultPolicies.has(name)) refuse(`cannot update ${JSON.stringify(name)} policy`);
  const max = limits.vaultPolicyNameChars.value;
  if (name.length > max) refuse(`a policy name has at most ${max} characters`);
}

/** Check-and-set (OpenBao, internal/vault/policy/policy_store.go: `setPolicyInternal`). */
function checkVersion(existing: CurrentVaultPolicy | undefined, cas: number | undefined, required: boolean): void {
  if (cas === undefined) {
    if (required || existing?.casRequired === true) refuse("check-and-set parameter required for this call");
  } else if (cas === -1) {
    if (existing !== undefined) refuse("check-and-set parameter set to -1 on existing entry");
  } else if (cas !== (existing?.version ?? 0)) refuse("check-and-set parameter did not match the current version");
}

async function commitPolicy(
  core: Core,
  name: string,
  existing: CurrentVaultPolicy | undefined,
  stored: StoredVaultPolicy,
  expiresAtMs: number | undefined,
): Promise<void> {
  const entries = core.vaultEntries;
  const commit = (...writes: readonly Write[]) => core.commit(writes);
  if (existing?.entry !== undefined) return commit(entries.update(existing.entry, stored, expiresAtMs));
  try {
    await commit(entries.insert(vaultPolicyArea, name, stored, expiresAtMs));
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error;
    // Either somebody was faster, which is decided on anew, or one is there whose time is over.
    const there = await entries.get(vaultPolicyArea, name);
    if (there !== undefined) throw new StoreConflict("stale", error.table);
    await commit(...entries.replace(vaultPolicyArea, name, stored, expiresAtMs));
  }
}

/** Vault API: sys/policies/acl/NAME, delete. Deleting what is not there succeeds. */
export const deleteVaultPolicy = defineOperation<VaultPolicyInput, null>({
  ...shared,
  name: "DeleteVaultPolicy",
  readOnly: false,
  record: ({ name }) => ({ name: vaultPolicyName(name) }),
  async run({ core, input }) {
    const name = vaultPolicyName(input.name);
    if (fixedVaultPolicies.has(name)) refuse(`cannot delete ${JSON.stringify(name)} policy`);
    if (name === "default") refuse("cannot delete default policy");
    const found = await findVaultPolicy(core.vaultEntries, name);
    if (found?.entry !== undefined) await core.commit([core.vaultEntries.delete(found.entry)]);
    return null;
  },
});
