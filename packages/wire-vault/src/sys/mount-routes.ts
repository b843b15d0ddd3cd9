import type { RouteHandler } from "../http/call.ts";
import type { Route } from "../http/routes.ts";
import { authTable, disableRoute, enableRoute, engineTable, listRoute, type MountTable, readRoute } from "./mounts.ts";
import { remountRoute, remountStatusRoute } from "./remount.ts";
import { resultantAclRoute } from "./resultant-acl.ts";
import { isTune, readTuneRoute, tuneFields, writeTuneRoute } from "./tune.ts";
import { findMountRoute, listVisibleMountsRoute } from "./visible-mounts.ts";

const mountFields = [
  "config",
  "description",
  "external_entropy_access",
  "local",
  "options",
  "plugin_name",
  "plugin_version",
  "seal_wrap",
  "type",
  ...tuneFields,
];

/** Mounts have slashes in their paths: a route's pattern cannot tell them from their `tune`. */
function mountOrTune(mount: RouteHandler, tune: RouteHandler): RouteHandler {
  return (call) => (isTune(call) ? tune(call) : mount(call));
}

function mountOperations(table: MountTable) {
  return {
    read: mountOrTune(readRoute(table), readTuneRoute(table)),
    update: mountOrTune(enableRoute(table), writeTuneRoute(table)),
    delete: disableRoute(table),
  };
}

/** Policies are not asked: the operation itself looks at what the token reaches, if there is one. */
const forEverybody = { open: ["read"], optionalToken: true, slash: true } as const;

/** The endpoints below `sys/` that are about mounts. */
export const mountRoutes: readonly Route[] = [
  { pattern: "mounts", fields: [], operations: { read: listRoute(engineTable) }, slash: true },
  { pattern: "mounts/*", fields: mountFields, operations: mountOperations(engineTable), slash: true },
  { pattern: "auth", fields: [], operations: { read: listRoute(authTable) }, slash: true },
  {
    pattern: "auth/*",
    fields: mountFields,
    operations: mountOperations(authTable),
    slash: true,
    sudo: ["read", "update", "delete"],
  },
  { pattern: "remount", fields: ["from", "to"], operations: { update: remountRoute }, sudo: ["update"] },
  { pattern: "remount/status/:name", fields: [], operations: { read: remountStatusRoute } },
  { pattern: "internal/ui/mounts", fields: [], operations: { read: listVisibleMountsRoute }, ...forEverybody },
  { pattern: "internal/ui/mounts/*", fields: [], operations: { read: findMountRoute }, ...forEverybody },
  { pattern: "internal/ui/resultant-acl", fields: [], operations: { read: resultantAclRoute } },
];
