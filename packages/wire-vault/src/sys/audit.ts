import { disableAuditDevice, enableAuditDevice, hashAuditValue, listAuditDevices, ServiceError } from "@coffer/service";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { noContent, ok } from "../http/envelope.ts";
import type { Route } from "../http/routes.ts";

/** The path of a device in a request, without a slash at its end. */
function namedPath(call: VaultCall): string {
  return call.captures[0]!.replace(/\/$/, "");
}

/** Vault API: sys/audit, list enabled audit devices. */
const listRoute: RouteHandler = async (call) => {
  const { devices } = await call.execute(listAuditDevices, null);
  const rows = devices.map(({ path, type, description, options, local }) => [
    `${path}/`,
    { description, local, options, path: `${path}/`, type },
  ]);
  return { ...ok(JSON.stringify(Object.fromEntries(rows))), repeated: true };
};

/** @throws ServiceError InvalidInput */
function readOptions(raw: unknown): Readonly<Record<string, string>> {
  if (raw === undefined) return {};
  const isMap = typeof raw === "object" && raw !== null && !Array.isArray(raw);
  if (!isMap) {
    throw ServiceError.of("InvalidInput", { kind: "validation", member: "options", reason: "options must be a map" });
  }
  const texts = Object.entries(raw as object).filter(([, value]) => value !== null);
  return Object.fromEntries(texts.map(([name, value]) => [name, typeof value === "string" ? value : String(value)]));
}

/** Vault API: sys/audit/PATH, enable audit device. */
const enableRoute: RouteHandler = async (call) => {
  const { fields } = call;
  await call.execute(enableAuditDevice, {
    path: namedPath(call),
    type: fields.text("type") ?? "",
    description: fields.text("description") ?? "",
    options: readOptions(fields.raw("options")),
    local: fields.boolean("local") ?? false,
  });
  return noContent;
};

/** Vault API: sys/audit/PATH, disable audit device. */
const disableRoute: RouteHandler = async (call) => {
  await call.execute(disableAuditDevice, { path: namedPath(call) });
  return noContent;
};

/** Vault API: sys/audit-hash/PATH. */
const hashRoute: RouteHandler = async (call) => {
  const { hash } = await call.execute(hashAuditValue, {
    path: namedPath(call),
    value: call.fields.text("input") ?? "",
  });
  return { ...ok(JSON.stringify({ hash })), repeated: true };
};

/** The endpoints for audit devices. */
export const auditRoutes: readonly Route[] = [
  { pattern: "audit", fields: [], operations: { read: listRoute }, sudo: ["read"] },
  {
    pattern: "audit/*",
    fields: ["description", "local", "options", "type"],
    operations: { update: enableRoute, delete: disableRoute },
    sudo: ["update", "delete"],
    slash: true,
  },
  { pattern: "audit-hash/*", fields: ["input"], operations: { update: hashRoute }, slash: true },
];
