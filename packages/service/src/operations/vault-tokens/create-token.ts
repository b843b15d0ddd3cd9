import type { Core } from "../../core.ts";
import { invariant, ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { TokenRecord } from "../../model/principal.ts";
import type { Call } from "../../pipeline/operation.ts";
import { StoreConflict } from "../../ports/store.ts";
import { type IssuedVaultToken, issueVaultToken } from "../../vault/issue-token.ts";
import { findVaultPolicy } from "../../vault/vault-policy-entry.ts";
import { loginEntity } from "../vault-identity/login-entity.ts";
import { goQuote, matchesGlob } from "./texts.ts";
import { hasSudo, refuseInput, tokenOperation } from "./token-operation.ts";
import { resolveTokenPolicies } from "./token-policies.ts";
import { findTokenRole, type TokenRole } from "./token-role.ts";

/** A token that is asked for (Vault API: auth/token/create). Times are seconds; what was not given is 0, empty or absent. */
export interface CreateVaultTokenInput {
  /** It has no parent, because of the path that it is asked for at. */
  readonly orphan: boolean;
  readonly roleName?: string;
  readonly id: string;
  readonly policies: readonly string[];
  readonly noDefaultPolicy: boolean;
  readonly noParent: boolean;
  readonly ttl: number;
  readonly explicitMaxTtl: number;
  readonly period: number;
  readonly numUses: number;
  readonly renewable: boolean;
  readonly displayName: string;
  readonly meta: Readonly<Record<string, string>> | null;
  readonly type: string;
  readonly entityAlias: string;
}

/** A token that was made, with its parent left out. */
export type CreatedVaultToken = Pick<IssuedVaultToken, "record" | "token" | "warnings">;

/**
 * Makes a token (Vault API: auth/token/create, create-orphan and create/ROLE; OpenBao, internal/vault/token_store.go:
 * `handleCreateCommon`, whose words the refusals have).
 *
 * Errors: InvalidInput, LimitExceeded; AccessDenied for an entity that is disabled.
 */
export const createVaultToken = tokenOperation<CreateVaultTokenInput, CreatedVaultToken>({
  name: "CreateVaultToken",
  readOnly: false,
  record: ({ orphan, noParent, roleName, policies, ttl, period, explicitMaxTtl, numUses, type, displayName }) => ({
    ...{ orphan: orphan || noParent, roleName, policies, ttl, period, explicitMaxTtl, numUses, type, displayName },
  }),
  recordOutput: ({ record }) => ({ accessor: record.accessor, policies: record.vaultPolicies }),
  async run(call) {
    const { core, nowMs } = call;
    const parent = await findParent(call);
    const isSudo = await hasSudo(call);
    const role = await findRole(call);
    const issued = issueVaultToken(core, await wantedToken(call, { parent, isSudo, role }), nowMs);
    try {
      await core.commit(issued.writes);
    } catch (error) {
      // Only a token that was chosen can be there already.
      if (error instanceof StoreConflict && error.kind === "exists") {
        refuseInput("cannot create a token with a duplicate ID");
      }
      throw error;
    }
    const { record, token } = issued;
    const missing = await missingPolicies(core, record.vaultPolicies);
    return { record, token, warnings: [...ttlWarnings(call.input, role), ...issued.warnings, ...missing] };
  },
});

interface Circumstances {
  readonly parent: TokenRecord;
  readonly isSudo: boolean;
  readonly role: TokenRole | undefined;
}

async function findParent({ core, request }: Call<CreateVaultTokenInput>): Promise<TokenRecord> {
  const parent = request.principal.token;
  if (parent === undefined) refuseInput("parent token lookup failed: no parent found");
  if (parent.vault?.type === "batch") refuseInput("batch tokens cannot create more tokens");
  if (parent.vault !== undefined && parent.vault.numUses > 0) {
    refuseInput("restricted use token cannot generate child tokens");
  }
  if (parent.vault !== undefined && parent.vault.numUses < 0) {
    refuseInput("parent token lookup failed: no parent found");
  }
  const { name, value } = limits.vaultTokenDepth;
  let depth = 1;
  for (let digest = parent.parentDigest; digest !== undefined; depth += 1) {
    const above = await core.store.get("tokens", { digest });
    digest = above?.parentDigest;
  }
  if (depth >= value) {
    const reason = `at most ${value} tokens can each make the next one; make an orphan`;
    throw ServiceError.of("LimitExceeded", { limit: name, max: value, reason });
  }
  return parent;
}

async function findRole({ core, input }: Call<CreateVaultTokenInput>): Promise<TokenRole | undefined> {
  if (input.roleName === undefined) return undefined;
  const role = await findTokenRole(core, input.roleName);
  if (role === undefined) refuseInput(`unknown role ${input.roleName.slice(0, 64)}`);
  return role.value;
}

async function wantedToken(call: Call<CreateVaultTokenInput>, { parent, isSudo, role }: Circumstances) {
  const { core, input, request } = call;
  const type = tokenType(input, role);
  if (input.numUses < 0) refuseInput("number of uses cannot be negative");
  const aliasEntityId = await resolveEntityAlias(call, role);
  if (input.id !== "") checkId(input.id, isSudo);
  const policies = resolveTokenPolicies({
    policies: input.policies,
    noDefaultPolicy: input.noDefaultPolicy,
    role,
    parentPolicies: parent.vaultPolicies,
    isSudo,
  });
  const isRoot = policies.includes("root");
  if (isRoot && !parent.vaultPolicies.includes("root")) {
    refuseInput("root tokens may not be created without parent token being root");
  }
  if (isRoot && type === "batch") refuseInput("batch tokens cannot be root tokens");
  const isOrphan = hasNoParent(input, role, isSudo);
  const times = mergeTimes(input, role, type, isSudo);
  const lastsForEver = isRoot && times.ttl === 0 && times.period === 0 && times.explicitMaxTtl === 0;
  if (lastsForEver && parent.expiresAtMs !== undefined) {
    refuseInput("expiring root tokens cannot create non-expiring root tokens");
  }
  const inherited = isOrphan ? undefined : parent;
  const { defaultLeaseTtl = 0, maxLeaseTtl = 0 } = (await core.mounts.match("auth/token"))?.mount.config ?? {};
  const path = request.vault?.path;
  invariant(path !== undefined, "tokens are made through the Vault wire");
  return {
    displayName: displayNameOf(input.displayName),
    path: role === undefined || role.pathSuffix === "" ? path : `${path}/${role.pathSuffix}`,
    policies,
    noDefaultPolicy: true,
    meta: input.meta,
    ...times,
    own: { period: input.period, explicitMaxTtl: input.explicitMaxTtl },
    ttl: times.ttl === 0 && !isRoot ? defaultLeaseTtl : times.ttl,
    maxTtl: maxLeaseTtl,
    numUses: mergeUses(input.numUses, role),
    renewable: input.renewable && role?.renewable !== false,
    entityId: aliasEntityId ?? inherited?.vault?.entityId ?? "",
    // Roles may free tokens from the networks of their parents, and nothing else may.
    boundCidrs: role?.token.boundCidrs ?? inherited?.vault?.boundCidrs ?? [],
    type,
    ...(inherited === undefined ? {} : { parent: inherited }),
    ...(role === undefined ? {} : { role: role.name }),
    ...(input.id === "" ? {} : { id: input.id }),
  };
}

function tokenType(input: CreateVaultTokenInput, role: TokenRole | undefined): "service" | "batch" {
  let wanted = input.type;
  if (role?.type === "service" || role?.type === "batch") wanted = role.type;
  else if (role?.type === "default-batch" && wanted === "") wanted = "batch";
  if (wanted === "" || wanted === "service") return "service";
  if (wanted !== "batch") refuseInput("invalid 'token_type' value");
  const bad: readonly (readonly [string, boolean])[] = [
    ["explicit_max_ttl", input.explicitMaxTtl !== 0],
    ["num_uses", input.numUses !== 0],
    ["period", input.period !== 0],
    // The original has no words for these two: it takes the uses of a role, and an id, and lets go of them.
    ["token_num_uses", (role?.token.numUses ?? 0) !== 0],
    ["id", input.id !== ""],
  ];
  const found = bad.find(([, isSet]) => isSet);
  if (found !== undefined) refuseInput(`batch tokens cannot have ${goQuote(found[0])} set`);
  return "batch";
}

function checkId(id: string, isSudo: boolean): void {
  if (!isSudo) refuseInput("root or sudo privileges required to specify token id");
  if (id.startsWith("hvs.")) refuseInput("custom token ID cannot have the 'hvs.' prefix");
  if (id.startsWith("s.")) refuseInput("custom token ID cannot have the 's.' prefix");
  if (id.includes(".")) refuseInput("custom token ID cannot have a '.' in the value");
  const { name, value } = limits.vaultTokenNameChars;
  if (id.length > value) {
    throw ServiceError.of("LimitExceeded", {
      limit: name,
      max: value,
      reason: `a token id has at most ${value} characters`,
    });
  }
  if (!/^[\x21-\x7e]+$/.test(id)) refuseInput("custom token ID must be printable and without spaces");
}

function hasNoParent(input: CreateVaultTokenInput, role: TokenRole | undefined, isSudo: boolean): boolean {
  if (role !== undefined) return role.orphan;
  if (!input.noParent) return input.orphan;
  if (!isSudo) refuseInput("root or sudo privileges required to create orphan token");
  return true;
}

/** OpenBao: `parseAndMergeTTLPeriod`. */
function mergeTimes(
  { ttl, explicitMaxTtl, period }: CreateVaultTokenInput,
  role: TokenRole | undefined,
  type: "service" | "batch",
  isSudo: boolean,
): { readonly ttl: number; readonly explicitMaxTtl: number; readonly period: number } {
  if (explicitMaxTtl < 0) refuseInput("explicit_max_ttl must be positive");
  if (period < 0) refuseInput("period must be positive");
  if (period > 0 && !isSudo) refuseInput("root or sudo privileges required to create periodic token");
  if (ttl < 0) refuseInput("ttl must be positive");
  if (role === undefined || type === "batch") return { ttl, explicitMaxTtl, period };
  return {
    ttl,
    explicitMaxTtl: lesser(explicitMaxTtl, role.token.explicitMaxTtl),
    period: lesser(period, role.token.period),
  };
}

function ttlWarnings({ explicitMaxTtl, period }: CreateVaultTokenInput, role: TokenRole | undefined): string[] {
  const warnings: string[] = [];
  const { explicitMaxTtl: rolesMax = 0, period: rolesPeriod = 0 } = role?.token ?? {};
  const tell = (what: string, seconds: number) =>
    warnings.push(
      `${what} specified both during creation call and in role; using the lesser value of ${seconds} seconds`,
    );
  if (explicitMaxTtl > 0 && rolesMax > 0) tell("Explicit max TTL", lesser(explicitMaxTtl, rolesMax));
  if (period > 0 && rolesPeriod > 0) tell("Period", lesser(period, rolesPeriod));
  return warnings;
}

/** The lesser of two numbers of which 0 means none. */
function lesser(one: number, other: number): number {
  return one === 0 || other === 0 ? one + other : Math.min(one, other);
}

function mergeUses(numUses: number, role: TokenRole | undefined): number {
  return lesser(numUses, role?.token.numUses ?? 0);
}

function displayNameOf(given: string): string {
  return given === "" ? "token" : `token-${given}`.replace(/[^a-zA-Z0-9-]/gu, "-").replace(/-$/, "");
}

async function resolveEntityAlias(
  { core, input, nowMs, request }: Call<CreateVaultTokenInput>,
  role: TokenRole | undefined,
): Promise<string | undefined> {
  const { entityAlias } = input;
  if (entityAlias === "") return undefined;
  if (role === undefined) refuseInput("'entity_alias' is only allowed in combination with token role");
  const wanted = entityAlias.toLowerCase();
  if (!(role.allowedEntityAliases ?? []).some((glob) => matchesGlob(glob, wanted))) {
    refuseInput("invalid 'entity_alias' value");
  }
  const match = await core.mounts.match("auth/token");
  invariant(match !== undefined, "tokens are always mounted");
  const entity = await loginEntity(core, { mount: match.mount, name: entityAlias, metadata: {} }, nowMs);
  if (!entity.disabled) return entity.id;
  throw ServiceError.of("AccessDenied", {
    principalArn: request.principal.arn,
    action: "vault:Update",
    resource: request.vault?.path ?? "",
    basis: "implicitDeny",
    source: "identity",
  });
}

async function missingPolicies(core: Core, policies: readonly string[]): Promise<string[]> {
  const warnings: string[] = [];
  for (const policy of policies) {
    if ((await findVaultPolicy(core.vaultEntries, policy)) === undefined) {
      warnings.push(`Policy ${goQuote(policy)} does not exist`);
    }
  }
  return warnings;
}
