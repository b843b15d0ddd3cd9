import { lookUpWrapping, rewrapAnswer, ServiceError, unwrapAnswer, type WrappingSubject } from "@coffer/service";
import { shownToken } from "../http/authenticate.ts";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { ok } from "../http/envelope.ts";
import type { Route } from "../http/routes.ts";
import { unwrapResult, wrapInfoResult } from "./wrapped-result.ts";

/** The token of the body; without one, the caller's own. */
function subjectOf({ fields }: VaultCall): WrappingSubject {
  const token = fields.text("token") ?? "";
  return token === "" ? { by: "self" } : { by: "token", token };
}

/** Vault API: sys/wrapping/wrap. What it answers is wrapped as every answer is. */
const wrap: RouteHandler = async (call) => {
  if (call.wrapTtlSeconds === undefined) {
    const reason = "endpoint requires response wrapping to be used";
    throw ServiceError.of("InvalidInput", { kind: "validation", reason });
  }
  return ok(JSON.stringify(call.fields.values));
};

/** Vault API: sys/wrapping/unwrap. */
const unwrap: RouteHandler = async (call) => unwrapResult(await call.execute(unwrapAnswer, subjectOf(call)));

/** Vault API: sys/wrapping/rewrap. */
const rewrap: RouteHandler = async (call) => wrapInfoResult(await call.execute(rewrapAnswer, subjectOf(call)));

/** Vault API: sys/wrapping/lookup. */
const lookUp: RouteHandler = async (call) => {
  const token = call.fields.text("token") || shownToken(call.request) || "";
  const { creationPath, createdAtMs, creationTtl } = await call.execute(lookUpWrapping, { token });
  const data = {
    creation_path: creationPath,
    creation_time: new Date(createdAtMs).toISOString(),
    creation_ttl: creationTtl,
  };
  return ok(JSON.stringify(data));
};

/** The endpoints of response wrapping (OpenBao, internal/vault/logical_system_paths.go: `wrappingPaths`). */
export const wrappingRoutes: readonly Route[] = [
  { pattern: "wrapping/wrap", fields: [], anyFields: true, operations: { update: wrap } },
  { pattern: "wrapping/unwrap", fields: ["token"], operations: { update: unwrap }, wrappingToken: true },
  { pattern: "wrapping/rewrap", fields: ["token"], operations: { update: rewrap }, wrappingToken: true },
  {
    pattern: "wrapping/lookup",
    fields: ["token"],
    operations: { read: lookUp, update: lookUp },
    open: ["read", "update"],
    wrappingToken: true,
  },
];
