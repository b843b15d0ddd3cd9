import { logInWithAppRole } from "@coffer/service";
import { listRoute } from "../auth/list-names.ts";
import { loginAnswer } from "../auth/login-answer.ts";
import { tokenFieldNames } from "../auth/token-fields.ts";
import type { RouteHandler } from "../http/call.ts";
import type { Route } from "../http/routes.ts";
import { deleteRoleRoute, readRoleRoute, roleExists, writeRoleRoute } from "./role.ts";
import { rolePartRoutes } from "./role-parts.ts";
import {
  createCustomSecretIdRoute,
  createSecretIdRoute,
  destroyAccessorRoute,
  destroySecretIdRoute,
  listSecretIdsRoute,
  lookUpAccessorRoute,
  lookUpSecretIdRoute,
  tidySecretIdsRoute,
} from "./secret-ids.ts";

const secretIdFields = ["cidr_list", "metadata", "num_uses", "token_bound_cidrs", "ttl"];
const pageFields = ["after", "limit"];

/** Vault API: auth/approle/login. */
const login: RouteHandler = async (call) => {
  const roleId = call.fields.text("role_id") ?? "";
  const secretId = call.fields.text("secret_id") ?? "";
  return loginAnswer(await call.execute(logInWithAppRole, { mount: call.mount!, roleId, secretId }));
};

/** AppRole's endpoints (OpenBao, internal/builtin/credential/approle). */
export const appRoleRoutes: readonly Route[] = [
  { pattern: "login", fields: ["role_id", "secret_id"], operations: { update: login }, open: ["update"] },
  { pattern: "role", fields: pageFields, operations: { list: listRoute("role") }, slash: true },
  {
    pattern: "role/:name",
    fields: [
      "bind_secret_id",
      "bound_cidr_list",
      "local_secret_ids",
      "period",
      "policies",
      "role_id",
      "secret_id_bound_cidrs",
      "secret_id_num_uses",
      "secret_id_ttl",
      ...tokenFieldNames,
    ],
    operations: { read: readRoleRoute, update: writeRoleRoute, delete: deleteRoleRoute },
    exists: roleExists,
  },
  ...rolePartRoutes,
  {
    pattern: "role/:name/secret-id",
    fields: [...secretIdFields, ...pageFields],
    operations: { update: createSecretIdRoute, list: listSecretIdsRoute },
    slash: true,
  },
  {
    pattern: "role/:name/custom-secret-id",
    fields: ["secret_id", ...secretIdFields],
    operations: { update: createCustomSecretIdRoute },
  },
  {
    pattern: "role/:name/secret-id/lookup",
    fields: ["secret_id"],
    operations: { update: lookUpSecretIdRoute },
    slash: true,
  },
  {
    pattern: "role/:name/secret-id/destroy",
    fields: ["secret_id"],
    operations: { update: destroySecretIdRoute, delete: destroySecretIdRoute },
    slash: true,
  },
  {
    pattern: "role/:name/secret-id-accessor/lookup",
    fields: ["secret_id_accessor"],
    operations: { update: lookUpAccessorRoute },
    slash: true,
  },
  {
    pattern: "role/:name/secret-id-accessor/destroy",
    fields: ["secret_id_accessor"],
    operations: { update: destroyAccessorRoute, delete: destroyAccessorRoute },
    slash: true,
  },
  { pattern: "tidy/secret-id", fields: [], operations: { update: tidySecretIdsRoute } },
];
