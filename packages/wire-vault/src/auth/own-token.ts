import { getCallerIdentity, revokeOwnToken, ServiceError } from "@coffer/service";
import type { RouteHandler } from "../http/call.ts";
import { noContent, ok } from "../http/envelope.ts";

/** Vault API: auth/token/lookup-self (OpenBao, internal/vault/token_store.go: `handleLookup`). */
export const lookupSelfRoute: RouteHandler = async (call) => {
  const { token } = await call.execute(getCallerIdentity, null, "LookupSelf");
  if (token === undefined) throw ServiceError.of("NotFound", { resource: "token", id: "self" });
  const { createdAtMs, expiresAtMs } = token;
  const seconds = (ms: number) => Math.floor(ms / 1000);
  const data = {
    accessor: token.accessor,
    creation_time: seconds(createdAtMs),
    creation_ttl: expiresAtMs === undefined ? 0 : seconds(expiresAtMs - createdAtMs),
    display_name: token.displayName,
    entity_id: "",
    expire_time: expiresAtMs === undefined ? null : new Date(expiresAtMs).toISOString(),
    explicit_max_ttl: 0,
    id: call.token,
    issue_time: new Date(createdAtMs).toISOString(),
    meta: null,
    num_uses: 0,
    orphan: true,
    path: "auth/token/create",
    policies: token.vaultPolicies,
    renewable: false,
    ttl: expiresAtMs === undefined ? 0 : seconds(expiresAtMs - call.core.clock.nowMs()),
    type: "service",
  };
  return ok(JSON.stringify(data));
};

/** Vault API: auth/token/renew-self. A token's lifetime is fixed when it is made. */
export const renewSelfRoute: RouteHandler = async (call) => {
  await call.execute(getCallerIdentity, null, "RenewSelf");
  throw ServiceError.of("InvalidInput", { kind: "validation", reason: "lease is not renewable" });
};

/** Vault API: auth/token/revoke-self. */
export const revokeSelfRoute: RouteHandler = async (call) => {
  await call.execute(revokeOwnToken, null);
  return noContent;
};
