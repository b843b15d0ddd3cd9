import { lookupSelfRoute, renewSelfRoute, revokeSelfRoute } from "../auth/own-token.ts";
import type { Route } from "../http/routes.ts";
import { randomRoute } from "../transit/random.ts";
import { auditRoutes } from "./audit.ts";
import { capabilitiesRoutes } from "./capabilities.ts";
import {
  disableMountRoute,
  enableMountRoute,
  findMountRoute,
  listMountsRoute,
  readMountRoute,
  readTuneRoute,
} from "./mounts.ts";
import { policyRoutes } from "./policies.ts";

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
];

/** The endpoints below `sys/`, in the order in which they are tried. */
export const sysRoutes: readonly Route[] = [
  { pattern: "mounts", fields: [], operations: { read: listMountsRoute }, slash: true },
  {
    pattern: "mounts/*",
    fields: mountFields,
    operations: { read: readMountOrTune, update: enableMountRoute, delete: disableMountRoute },
    slash: true,
  },
  ...auditRoutes,
  { pattern: "internal/ui/mounts/*", fields: [], operations: { read: findMountRoute }, slash: true },
  ...capabilitiesRoutes,
  ...policyRoutes,
  { pattern: "tools/random", fields: ["bytes", "format", "source"], operations: { update: randomRoute } },
  { pattern: "tools/random/:name", fields: ["bytes", "format", "source"], operations: { update: randomRoute } },
  { pattern: "tools/random/:name/:name", fields: ["bytes", "format", "source"], operations: { update: randomRoute } },
];

function readMountOrTune(call: Parameters<typeof readMountRoute>[0]) {
  return call.captures[0]!.endsWith("/tune") ? readTuneRoute(call) : readMountRoute(call);
}

/** The endpoints below `auth/token/`. */
export const tokenRoutes: readonly Route[] = [
  { pattern: "lookup-self", fields: [], operations: { read: lookupSelfRoute, update: lookupSelfRoute } },
  { pattern: "renew-self", fields: ["increment"], operations: { update: renewSelfRoute } },
  { pattern: "revoke-self", fields: [], operations: { update: revokeSelfRoute } },
];
