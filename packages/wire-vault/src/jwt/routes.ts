import { logInWithJwt, refuseBrowserLogin } from "@coffer/service";
import { listRoute } from "../auth/list-names.ts";
import { loginAnswer } from "../auth/login-answer.ts";
import type { RouteHandler } from "../http/call.ts";
import { noContent } from "../http/envelope.ts";
import type { Route } from "../http/routes.ts";
import { configFields, readConfigRoute, writeConfigRoute } from "./config.ts";
import { deleteRoleRoute, readRoleRoute, roleExists, roleFields, writeRoleRoute } from "./roles.ts";

/** Vault API: auth/jwt/login. */
const login: RouteHandler = async (call) => {
  const role = call.fields.text("role") ?? "";
  const jwt = call.fields.text("jwt") ?? "";
  return loginAnswer(await call.execute(logInWithJwt, { mount: call.mount!, role, jwt }));
};

const browser: RouteHandler = async (call) => {
  await call.execute(refuseBrowserLogin, { mount: call.mount! });
  return noContent;
};

/** Endpoints of JSON Web Tokens (OpenBao, internal/builtin/credential/jwt). */
export const jwtRoutes: readonly Route[] = [
  { pattern: "login", fields: ["jwt", "role"], operations: { update: login }, open: ["update"] },
  { pattern: "config", fields: configFields, operations: { read: readConfigRoute, update: writeConfigRoute } },
  { pattern: "role", fields: ["after", "limit"], operations: { list: listRoute("role") }, slash: true },
  {
    pattern: "role/:name",
    fields: roleFields,
    operations: { read: readRoleRoute, update: writeRoleRoute, delete: deleteRoleRoute },
    exists: roleExists,
  },
  {
    pattern: "oidc/auth_url",
    fields: ["client_nonce", "redirect_uri", "role"],
    operations: { update: browser },
    open: ["update"],
  },
  {
    pattern: "oidc/callback",
    fields: ["client_nonce", "code", "error_description", "id_token", "state"],
    operations: { read: browser, update: browser },
    open: ["read", "update"],
  },
];
