import { leaseOperations, ServiceError, tidyTokens } from "@coffer/service";
import { listAnswer } from "../auth/list-names.ts";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { noContent, ok } from "../http/envelope.ts";
import type { Route } from "../http/routes.ts";
import { tidyStarted } from "../token/revoke.ts";

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** The lease of a request: in its body, else in its path. @throws ServiceError InvalidInput */
function readLeaseId({ fields, captures }: VaultCall): string {
  const leaseId = fields.text("lease_id") || captures[0] || fields.text("url_lease_id");
  if (leaseId === undefined || leaseId === "") refuse("lease_id must be specified");
  return leaseId;
}

const lookUp: RouteHandler = async (call) => {
  const leaseId = readLeaseId(call);
  const found = await call.execute(leaseOperations.lookUp, { leaseId });
  if (found === undefined) return { status: 400, errors: ["invalid lease"] };
  const { vault, createdAtMs, expiresAtMs } = found;
  const time = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  const left = expiresAtMs === undefined ? 0 : Math.ceil((expiresAtMs - call.core.clock.nowMs()) / 1000);
  const data = {
    expire_time: time(expiresAtMs),
    id: leaseId,
    issue_time: time(createdAtMs),
    last_renewal: time(vault?.lastRenewedAtMs),
    path: vault?.path ?? "",
    renewable: vault?.renewable ?? false,
    ttl: left,
  };
  return ok(JSON.stringify(data));
};

const list: RouteHandler = async (call) => {
  const prefix = call.captures[0] ?? "";
  const folder = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
  const after = call.fields.text("after") ?? "";
  return listAnswer(
    await call.execute(leaseOperations.list, { folder, after, limit: call.fields.integer("limit") ?? 0 }),
  );
};

const renew: RouteHandler = (call) => call.execute(leaseOperations.renew, { leaseId: readLeaseId(call) });

const revoke: RouteHandler = async (call) => {
  await call.execute(leaseOperations.revoke, { leaseId: readLeaseId(call) });
  return noContent;
};

const revokeUnder: RouteHandler = async (call) => {
  await call.execute(leaseOperations.revokeUnder, { prefix: call.captures[0]! });
  return noContent;
};

const tidy: RouteHandler = async (call) => {
  await call.execute(tidyTokens, null);
  return { status: 202, data: "null", warnings: [tidyStarted] };
};

/** No revocation here fails for good, so there are no irrevocable leases, and others the original does not tell either. */
function irrevocable(member: "counts" | "leases", none: unknown): RouteHandler {
  return async (call) => {
    await call.execute(leaseOperations.list, { folder: "", after: "", limit: 1 });
    if (call.fields.text("type")?.toLowerCase() !== "irrevocable") {
      throw ServiceError.of("NotFound", { resource: "operation", id: "" });
    }
    return ok(JSON.stringify({ [member]: none, lease_count: 0 }));
  };
}

const leaseFields = ["increment", "lease_id", "sync", "url_lease_id"];

/** The endpoints of leases (OpenBao, internal/vault/logical_system_paths.go: `leasePaths`), the old ones too. */
export const leaseRoutes: readonly Route[] = [
  { pattern: "leases/lookup", fields: ["lease_id"], slash: true, sudo: ["list"], operations: { update: lookUp, list } },
  { pattern: "leases/lookup/*", fields: ["after", "limit"], slash: true, sudo: ["list"], operations: { list } },
  {
    pattern: "leases/count",
    fields: ["type", "include_child_namespaces"],
    operations: { read: irrevocable("counts", {}) },
  },
  {
    pattern: "leases",
    fields: ["type", "include_child_namespaces", "limit"],
    slash: true,
    sudo: ["read", "list"],
    operations: { read: irrevocable("leases", []), list: irrevocable("leases", []) },
  },
  { pattern: "leases/tidy", fields: [], operations: { update: tidy } },
  ...["leases/", ""].flatMap((before): Route[] => [
    { pattern: `${before}renew`, fields: leaseFields, operations: { update: renew } },
    { pattern: `${before}renew/*`, fields: leaseFields, operations: { update: renew } },
    { pattern: `${before}revoke`, fields: leaseFields, operations: { update: revoke } },
    { pattern: `${before}revoke/*`, fields: leaseFields, operations: { update: revoke } },
    { pattern: `${before}revoke-force/*`, fields: [], sudo: ["update"], operations: { update: revokeUnder } },
    { pattern: `${before}revoke-prefix/*`, fields: ["sync"], sudo: ["update"], operations: { update: revokeUnder } },
  ]),
];
