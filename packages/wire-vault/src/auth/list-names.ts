import { listAuthNames, ServiceError } from "@coffer/service";
import type { RouteHandler } from "../http/call.ts";
import { ok, type VaultResult } from "../http/envelope.ts";

/** A list as Vault answers it; an empty one is a 404. @throws ServiceError NotFound */
export function listAnswer(keys: readonly string[]): VaultResult {
  if (keys.length === 0) throw ServiceError.of("NotFound", { resource: "operation", id: "" });
  return ok(JSON.stringify({ keys }));
}

/** The route that lists roles, users or certificates; `after` and `limit` as OpenBao has them. */
export function listRoute(kind: "role" | "user" | "cert"): RouteHandler {
  return async (call) => {
    const after = call.fields.text("after") ?? "";
    const limit = call.fields.integer("limit") ?? 0;
    const { names } = await call.execute(listAuthNames, { mount: call.mount!, kind, after, limit });
    return listAnswer(names);
  };
}
