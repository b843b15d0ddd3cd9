import type { Route } from "../http/routes.ts";
import { createByRoleRoute, createFields, createOrphanRoute, createRoute } from "./create.ts";
import { listAccessorsRoute, lookUpAccessorRoute, lookUpRoute, lookUpSelfRoute } from "./look-up.ts";
import { renewAccessorRoute, renewRoute, renewSelfRoute } from "./renew.ts";
import { revokeAccessorRoute, revokeOrphanRoute, revokeRoute, revokeSelfRoute, tidyRoute } from "./revoke.ts";
import {
  deleteRoleRoute,
  listRolesRoute,
  readRoleRoute,
  roleFields,
  tokenRoleExists,
  writeRoleRoute,
} from "./roles.ts";

/** The endpoints below `auth/token/` (OpenBao, internal/vault/token_store.go: `paths`). */
export const tokenRoutes: readonly Route[] = [
  { pattern: "lookup-self", fields: ["token"], operations: { read: lookUpSelfRoute, update: lookUpSelfRoute } },
  { pattern: "lookup", fields: ["token"], operations: { read: lookUpRoute, update: lookUpRoute } },
  { pattern: "lookup-accessor", fields: ["accessor"], operations: { update: lookUpAccessorRoute } },
  {
    pattern: "accessors",
    fields: ["after", "limit"],
    slash: true,
    sudo: ["list"],
    operations: { list: listAccessorsRoute },
  },
  { pattern: "create", fields: createFields, operations: { update: createRoute } },
  { pattern: "create-orphan", fields: createFields, operations: { update: createOrphanRoute } },
  { pattern: "create/:name", fields: createFields, operations: { update: createByRoleRoute } },
  { pattern: "renew-self", fields: ["increment", "token"], operations: { update: renewSelfRoute } },
  { pattern: "renew", fields: ["increment", "token"], operations: { update: renewRoute } },
  { pattern: "renew-accessor", fields: ["accessor", "increment"], operations: { update: renewAccessorRoute } },
  { pattern: "revoke-self", fields: [], operations: { update: revokeSelfRoute } },
  { pattern: "revoke", fields: ["token"], operations: { update: revokeRoute } },
  { pattern: "revoke-accessor", fields: ["accessor"], operations: { update: revokeAccessorRoute } },
  { pattern: "revoke-orphan", fields: ["token"], operations: { update: revokeOrphanRoute } },
  { pattern: "roles", fields: ["after", "limit"], slash: true, operations: { list: listRolesRoute } },
  {
    pattern: "roles/:name",
    fields: roleFields,
    operations: { read: readRoleRoute, update: writeRoleRoute, delete: deleteRoleRoute },
    exists: tokenRoleExists,
  },
  { pattern: "tidy", fields: [], operations: { update: tidyRoute } },
];
