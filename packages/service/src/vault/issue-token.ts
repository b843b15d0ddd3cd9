import { sha256Hex } from "@coffer/crypto";
import type { Core } from "../core.ts";
import { invariant, ServiceError } from "../errors.ts";
import { type Limit, limits } from "../limits.ts";
import type { TokenRecord, VaultTokenFacts } from "../model/principal.ts";
import type { Write } from "../ports/store.ts";
import type { BatchTokenRecord } from "./batch-token.ts";
import { type GrantedTtl, grantTtl } from "./token-ttl.ts";

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
  /** SHA-256 in hex of the TLS certificate that it is got with. */
  readonly certificateDigest?: string;
  /** A batch token is stored nowhere, and has no accessor, no lease and no uses to count. Absent means `service`. */
  readonly type?: "service" | "batch";
  /** What of its times is its own, where a role gave the rest: this alone is kept with it and shown. */
  readonly own?: { readonly period: number; readonly explicitMaxTtl: number };
  /** Instead of a random token: whoever chooses it answers for its strength. */
  readonly id?: string;
}

export interface IssuedVaultToken {
  readonly record: TokenRecord & { readonly vault: VaultTokenFacts };
  /** Shown once. */
  readonly token: string;
  readonly warnings: readonly string[];
  /** To be committed with whatever else changes. */
  readonly writes: readonly Write[];
}

/** No date is later than this many seconds away: what Go's durations hold. */
const longestSeconds = 9_223_372_036;

/**
 * Makes a token of the Vault API; nothing is stored until its writes are committed, and of a batch token nothing ever. Its
 * policies are sanitised as in Vault: lower case, sorted, each once, `default` added unless that is not wanted.
 *
 * @throws ServiceError LimitExceeded when there is too much in it
 */
export function issueVaultToken(core: Core, wanted: WantedVaultToken, nowMs: number): IssuedVaultToken {
  checkSize(wanted);
  const policies = sanitisePolicies(wanted.policies, wanted.noDefaultPolicy !== true);
  const isRoot = policies.includes("root");
  const forEver = isRoot && wanted.ttl === 0 && wanted.explicitMaxTtl === 0 && wanted.period === 0;
  const { ttl, expiresAtMs, warnings } = lifeOf(wanted, isRoot, nowMs);
  const isBatch = wanted.type === "batch";
  const vault: VaultTokenFacts = {
    type: isBatch ? "batch" : "service",
    path: wanted.path,
    meta: wanted.meta,
    renewable: wanted.renewable && !forEver && !isBatch,
    creationTtl: forEver ? 0 : ttl,
    explicitMaxTtl: (wanted.own ?? wanted).explicitMaxTtl,
    period: (wanted.own ?? wanted).period,
    numUses: wanted.numUses,
    entityId: wanted.entityId ?? "",
    // As in Vault, nothing but its time ends a root token that has none.
    boundCidrs: forEver ? [] : (wanted.boundCidrs ?? []),
    ...(wanted.maxTtl > 0 ? { maxTtl: wanted.maxTtl } : {}),
    ...(wanted.role === undefined ? {} : { role: wanted.role }),
    ...(wanted.certificateDigest === undefined ? {} : { certificateDigest: wanted.certificateDigest }),
  };
  const facts = {
    principalArn: "",
    account: core.account,
    displayName: wanted.displayName,
    vaultPolicies: policies,
    createdAtMs: nowMs,
    ...(forEver ? {} : { expiresAtMs }),
    ...(wanted.parent === undefined ? {} : { parentDigest: wanted.parent.digest }),
    vault,
    revision: 1,
  };
  return isBatch ? sealBatch(core, facts, warnings) : storeService(core, wanted, facts, warnings);
}

type Facts = Omit<BatchTokenRecord, "accessor">;

function storeService(
  core: Core,
  { id, path }: WantedVaultToken,
  facts: Facts,
  warnings: readonly string[],
): IssuedVaultToken {
  const token = id ?? `hvs.${core.randomness.bytes(24).toString("base64url")}`;
  const record = {
    ...facts,
    digest: sha256Hex(token),
    // In hex: an accessor is typed on command lines, where a leading dash would be an option.
    accessor: core.randomness.bytes(18).toString("hex"),
    leaseId: `${path}/h${core.randomness.bytes(32).toString("hex")}`,
  };
  return { record, token, warnings, writes: [{ op: "insert", table: "tokens", row: record }] };
}

function sealBatch(core: Core, facts: Facts, warnings: readonly string[]): IssuedVaultToken {
  const record = { ...facts, accessor: "" };
  const token = core.identities.sealBatchToken(record);
  if (token === undefined) {
    const { name, value } = limits.batchTokenChars;
    const reason = `a batch token has at most ${value} characters; give it less metadata or fewer policies`;
    throw ServiceError.of("LimitExceeded", { limit: name, max: value, reason });
  }
  return { record: { ...record, digest: sha256Hex(token) }, token, warnings, writes: [] };
}

function lifeOf(wanted: WantedVaultToken, isRoot: boolean, nowMs: number): GrantedTtl {
  const explicitMaxTtl = Math.min(wanted.explicitMaxTtl, longestSeconds);
  if (isRoot && wanted.ttl === 0 && wanted.period === 0) {
    return { ttl: explicitMaxTtl, expiresAtMs: nowMs + explicitMaxTtl * 1000, warnings: [] };
  }
  const granted = grantTtl({ ...wanted, explicitMaxTtl, increment: 0 }, nowMs, nowMs);
  invariant(granted !== undefined, "a new token has time left");
  return granted;
}

/** @throws ServiceError LimitExceeded */
function checkSize({ policies, meta, displayName, boundCidrs = [] }: WantedVaultToken): void {
  const sizes: readonly (readonly [Limit, number, string])[] = [
    [limits.vaultTokenPolicies, policies.length, "policies"],
    [limits.vaultTokenMetaBytes, Buffer.byteLength(JSON.stringify(meta ?? {})), "bytes of metadata"],
    [limits.vaultTokenNameChars, displayName.length, "characters in its display name"],
    [limits.vaultTokenCidrs, boundCidrs.length, "bound CIDRs"],
  ];
  for (const [{ name, value }, size, what] of sizes) {
    if (size <= value) continue;
    throw ServiceError.of("LimitExceeded", { limit: name, max: value, reason: `a token has at most ${value} ${what}` });
  }
}

/** Names of policies as tokens have them (OpenBao, sdk/helper/policyutil: `SanitizePolicies`). Root stands alone. */
export function sanitisePolicies(policies: readonly string[], withDefault: boolean): readonly string[] {
  const names = new Set(policies.map((policy) => policy.trim().toLowerCase()).filter((policy) => policy !== ""));
  if (names.has("root")) return ["root"];
  if (withDefault) names.add("default");
  return [...names].sort();
}
