import { defaultVaultPolicy, responseWrappingVaultPolicy } from "@coffer/policy";
import type { VaultEntries, VaultEntry } from "./vault-entries.ts";

/** Where the texts of ACL policies are, by name. */
export const vaultPolicyArea = "sys/policy";

/** A stored ACL policy. When it expires, its entry does. */
export interface StoredVaultPolicy {
  readonly text: string;
  /** Counts its changes from 1. */
  readonly version: number;
  /** Whether a change must name the version that it was decided on. */
  readonly casRequired: boolean;
  readonly modifiedAtMs: number;
  /** Whether identity values with `/` may fill its templates. */
  readonly allowSlashes: boolean;
  /** Whether `*` and `+` in identity values act as wildcards. */
  readonly allowWildcards: boolean;
}

/** Built in, and nobody can change or delete them: `root` has no text, the other one is for wrapping tokens. */
export const fixedVaultPolicies: ReadonlyMap<string, string> = new Map([
  ["root", ""],
  ["response-wrapping", responseWrappingVaultPolicy],
]);

/** A policy as it counts now, stored or built in. */
export interface CurrentVaultPolicy extends StoredVaultPolicy {
  readonly expiresAtMs?: number;
  /** Absent for what is built in and was never changed. */
  readonly entry?: VaultEntry<StoredVaultPolicy>;
}

/** Policies have no case, nor space around them (OpenBao, internal/vault/policy/policy_store.go: `sanitizeName`). */
export function vaultPolicyName(written: string): string {
  return written.trim().toLowerCase();
}

/** @param name as `vaultPolicyName` gives it */
export async function findVaultPolicy(entries: VaultEntries, name: string): Promise<CurrentVaultPolicy | undefined> {
  const fixed = fixedVaultPolicies.get(name);
  if (fixed !== undefined) return builtIn(fixed, name === "root" ? 0 : 1);
  const entry = await entries.get<StoredVaultPolicy>(vaultPolicyArea, name);
  if (entry === undefined) return name === "default" ? builtIn(defaultVaultPolicy, 1) : undefined;
  const expiry = entry.expiresAtMs === undefined ? {} : { expiresAtMs: entry.expiresAtMs };
  return { ...entry.value, ...expiry, entry };
}

function builtIn(text: string, version: number): CurrentVaultPolicy {
  return { text, version, casRequired: false, modifiedAtMs: 0, allowSlashes: false, allowWildcards: false };
}
