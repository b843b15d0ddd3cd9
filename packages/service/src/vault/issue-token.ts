import { sha256Hex } from "@coffer/crypto";
import type { Core } from "../core.ts";
import type { TokenRecord, VaultTokenFacts } from "../model/principal.ts";
import type { Write } from "../ports/store.ts";

/** A token to be made. Times are seconds; 0 means what Vault means by it. */
export interface WantedVaultToken {
  /** Such as `token-deploy`, `approle` or `userpass-bob`. */
  readonly displayName: string;
  /** Where it is made, such as `auth/approle/login`. */
  readonly path: string;
  readonly policies: readonly string[];
  readonly meta: Readonly<Record<string, string>> | null;
  /** How long it lives; 0 uses `defaultTtlSeconds`. */
  readonly ttl: number;
  /** The longest that it may live, renewals included, by role or mount; 0 uses `maxTtlSeconds`. */
  readonly maxTtl: number;
  readonly explicitMaxTtl: number;
  readonly period: number;
  readonly numUses: number;
  readonly renewable: boolean;
  /** Absent for orphans, such as those of logins. */
  readonly parent?: TokenRecord;
  readonly entityId?: string;
  readonly boundCidrs?: readonly string[];
  readonly noDefaultPolicy?: boolean;
  /** The token role. */
  readonly role?: string;
}

export interface IssuedVaultToken {
  readonly record: TokenRecord & { readonly vault: VaultTokenFacts };
  /** Shown once. */
  readonly token: string;
  readonly warnings: readonly string[];
  /** To be committed with whatever else changes. */
  readonly writes: readonly Write[];
}

/** Vault's default and longest lease: 32 days. */
export const defaultTtlSeconds = 2_764_800;
export const maxTtlSeconds = 2_764_800;

/** How long a token lives, and what is to be said of it (OpenBao, sdk/framework/lease.go: `CalculateTTL`). */
export function grantedTtl(wanted: Pick<WantedVaultToken, "ttl" | "maxTtl" | "explicitMaxTtl" | "period">): {
  readonly ttl: number;
  readonly warnings: readonly string[];
} {
  const warnings: string[] = [];
  const ceiling = wanted.maxTtl > 0 ? Math.min(wanted.maxTtl, maxTtlSeconds) : maxTtlSeconds;
  let ttl = wanted.period > 0 ? wanted.period : wanted.ttl > 0 ? wanted.ttl : Math.min(defaultTtlSeconds, ceiling);
  if (wanted.period === 0 && ttl > ceiling) {
    warnings.push(`TTL of "${ttl}s" exceeded the effective max_ttl of "${ceiling}s"; TTL value is capped accordingly`);
    ttl = ceiling;
  }
  if (wanted.explicitMaxTtl > 0 && ttl > wanted.explicitMaxTtl) ttl = wanted.explicitMaxTtl;
  return { ttl, warnings };
}

/**
 * Makes a service token of the Vault API; nothing is stored until its writes are committed. Its policies are sanitised as
 * in Vault: lower case, sorted, each once, `default` added unless that is not wanted.
 */
export function issueVaultToken(core: Core, wanted: WantedVaultToken, nowMs: number): IssuedVaultToken {
  const { ttl, warnings } = grantedTtl(wanted);
  const isRoot = wanted.policies.includes("root");
  const forEver = isRoot && wanted.ttl === 0 && wanted.explicitMaxTtl === 0 && wanted.period === 0;
  const token = `hvs.${core.randomness.bytes(24).toString("base64url")}`;
  const vault: VaultTokenFacts = {
    type: "service",
    path: wanted.path,
    meta: wanted.meta,
    renewable: wanted.renewable && !forEver,
    creationTtl: forEver ? 0 : ttl,
    explicitMaxTtl: wanted.explicitMaxTtl,
    period: wanted.period,
    numUses: wanted.numUses,
    entityId: wanted.entityId ?? "",
    boundCidrs: wanted.boundCidrs ?? [],
    ...(wanted.role === undefined ? {} : { role: wanted.role }),
  };
  const record = {
    digest: sha256Hex(token),
    accessor: core.randomness.bytes(18).toString("hex"),
    principalArn: "",
    account: core.account,
    displayName: wanted.displayName,
    vaultPolicies: sanitisePolicies(wanted.policies, wanted.noDefaultPolicy !== true),
    createdAtMs: nowMs,
    ...(forEver ? {} : { expiresAtMs: nowMs + ttl * 1000 }),
    ...(wanted.parent === undefined ? {} : { parentDigest: wanted.parent.digest }),
    vault,
    revision: 1,
  };
  return { record, token, warnings, writes: [{ op: "insert", table: "tokens", row: record }] };
}

/** Names of policies as tokens have them (OpenBao, sdk/helper/policyutil: `SanitizePolicies`). Root stands alone. */
export function sanitisePolicies(policies: readonly string[], withDefault: boolean): readonly string[] {
  const names = new Set(policies.map((policy) => policy.trim().toLowerCase()).filter((policy) => policy !== ""));
  if (names.has("root")) return ["root"];
  if (withDefault) names.add("default");
  return [...names].sort();
}
