import type { RouteHandler } from "../http/call.ts";
import type { Route } from "../http/routes.ts";
import {
  authTable,
  disableRoute,
  enableRoute,
  engineTable,
  findMountRoute,
  listRoute,
  type MountTable,
  readRoute,
} from "./mounts.ts";
import { isTune, readTuneRoute, tuneFields, writeTuneRoute } from "./tune.ts";

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
  { pattern: "internal/ui/mounts/*", fields: [], operations: { read: findMountRoute }, slash: true },
];
