import { listTokenAccessors, lookUpOwnToken, lookUpToken, ServiceError, type TokenFinding } from "@coffer/service";
import { listAnswer } from "../auth/list-names.ts";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { ok, type VaultResult } from "../http/envelope.ts";

/** Whole seconds, the one under way counts. */
function secondsUntil(ms: number, nowMs: number): number {
  return Math.ceil((ms - nowMs) / 1000);
}

/** A token as lookups show it (OpenBao, internal/vault/token_store.go: `handleLookup`). @param id empty by accessor */
function lookupData({ record, identityPolicies }: TokenFinding, id: string, nowMs: number) {
  const { vault, createdAtMs, expiresAtMs } = record;
  const creationTtl = expiresAtMs === undefined ? 0 : Math.floor((expiresAtMs - createdAtMs) / 1000);
  const renewedAtMs = vault?.lastRenewedAtMs;
  return {
    accessor: record.accessor,
    ...(vault === undefined || vault.boundCidrs.length === 0 ? {} : { bound_cidrs: vault.boundCidrs }),
    creation_time: Math.floor(createdAtMs / 1000),
    creation_ttl: vault?.creationTtl ?? creationTtl,
    display_name: record.displayName,
    entity_id: vault?.entityId ?? "",
    expire_time: expiresAtMs === undefined ? null : new Date(expiresAtMs).toISOString(),
    explicit_max_ttl: vault?.explicitMaxTtl ?? 0,
    ...(identityPolicies.length === 0 ? {} : { external_namespace_policies: {}, identity_policies: identityPolicies }),
    id,
    issue_time: new Date(createdAtMs).toISOString(),
    ...(renewedAtMs === undefined
      ? {}
      : { last_renewal: new Date(renewedAtMs).toISOString(), last_renewal_time: Math.floor(renewedAtMs / 1000) }),
    meta: vault?.meta ?? null,
    num_uses: vault?.numUses ?? 0,
    orphan: record.parentDigest === undefined,
    path: vault?.path ?? "auth/token/create",
    ...(vault === undefined || vault.period === 0 ? {} : { period: vault.period }),
    policies: record.vaultPolicies,
    renewable: vault?.renewable ?? false,
    ...(vault?.role === undefined ? {} : { role: vault.role }),
    ttl: expiresAtMs === undefined ? 0 : secondsUntil(expiresAtMs, nowMs),
    type: vault?.type ?? "service",
  };
}

function answer(call: VaultCall, found: TokenFinding, id: string): VaultResult {
  return ok(JSON.stringify(lookupData(found, id, call.core.clock.nowMs())));
}

/** Vault API: auth/token/lookup-self. */
export const lookUpSelfRoute: RouteHandler = async (call) => {
  const found = await call.execute(lookUpOwnToken, { by: "self" });
  if (found === undefined) throw ServiceError.of("NotFound", { resource: "token", id: "self" });
  return answer(call, found, call.token ?? "");
};

/** Vault API: auth/token/lookup; without a token, the caller's own. */
export const lookUpRoute: RouteHandler = async (call) => {
  const token = call.fields.text("token") ?? "";
  const shown = token === "" ? (call.token ?? "") : token;
  const isOwn = shown === call.token;
  const found = await call.execute(lookUpToken, isOwn ? { by: "self" } : { by: "token", token: shown });
  return found === undefined ? { status: 403, errors: ["bad token"] } : answer(call, found, shown);
};

/** The accessor that a request names. @throws ServiceError InvalidInput */
export function readAccessor(call: VaultCall): string {
  const accessor = call.fields.text("accessor") ?? "";
  if (accessor === "") refuse("1 error occurred:\n\t* missing accessor\n\n");
  return accessor;
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** Vault API: auth/token/lookup-accessor. The token itself is not shown. */
export const lookUpAccessorRoute: RouteHandler = async (call) => {
  const found = await call.execute(lookUpToken, { by: "accessor", accessor: readAccessor(call) });
  const problem = ["1 error occurred:\n\t* invalid accessor\n\n"];
  return found === undefined ? { status: 400, errors: problem } : answer(call, found, "");
};

/** Vault API: auth/token/accessors. */
export const listAccessorsRoute: RouteHandler = async (call) => {
  const after = call.fields.text("after") ?? "";
  return listAnswer(await call.execute(listTokenAccessors, { after, limit: call.fields.integer("limit") ?? 0 }));
};
