import { findMount, listVisibleMounts, type MountRecord, ServiceError } from "@coffer/service";
import type { RouteHandler } from "../http/call.ts";
import { ok } from "../http/envelope.ts";
import { authMethodPath, mountInfo } from "./mount-info.ts";
import { capturedPath } from "./mounts.ts";

/** What anybody is told of a mount that its settings show to everybody. */
function briefInfo(mount: MountRecord) {
  const { description, options, type } = mountInfo(mount);
  return { description, options, type };
}

/** Vault API: sys/internal/ui/mounts. Needs no token; with one, it tells all of what its policies reach. */
export const listVisibleMountsRoute: RouteHandler = async (call) => {
  const { mounts, known } = await call.execute(listVisibleMounts, null);
  const tables = { auth: new Map<string, unknown>(), secret: new Map<string, unknown>() };
  for (const mount of mounts) {
    const authPath = authMethodPath(mount);
    const table = authPath === undefined ? tables.secret : tables.auth;
    table.set(`${authPath ?? mount.path}/`, known ? mountInfo(mount) : briefInfo(mount));
  }
  const rows = Object.entries(tables).map(([name, table]) => [name, Object.fromEntries(table)]);
  return ok(JSON.stringify(Object.fromEntries(rows)));
};

/**
 * Vault API: sys/internal/ui/mounts/PATH, by which its CLI finds the engine behind a path before it writes there. No
 * policy needs to name it: it tells of a mount to whoever may do anything below it.
 */
export const findMountRoute: RouteHandler = async (call) => {
  if (call.token === undefined) {
    throw ServiceError.of("Unauthenticated", { failure: "missing", reason: "The request has no token." });
  }
  const path = capturedPath(call);
  const { mount } = await call.execute(findMount, { path });
  if (mount === undefined) {
    const quoted = JSON.stringify(`${path}/`);
    return {
      status: 403,
      errors: [
        `preflight capability check returned 403, please ensure client's policies grant access to path ${quoted}`,
      ],
    };
  }
  return ok(JSON.stringify({ ...mountInfo(mount), path: `${authMethodPath(mount) ?? mount.path}/` }));
};
