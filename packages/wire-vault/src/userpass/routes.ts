import { logInWithPassword } from "@coffer/service";
import { listRoute } from "../auth/list-names.ts";
import { loginAnswer } from "../auth/login-answer.ts";
import type { RouteHandler } from "../http/call.ts";
import type { Route } from "../http/routes.ts";
import {
  deleteUserRoute,
  namedUser,
  readUserRoute,
  userExists,
  userFields,
  writePasswordRoute,
  writePoliciesRoute,
  writeUserRoute,
} from "./users.ts";

/** Vault API: auth/userpass/login. */
const login: RouteHandler = async (call) => {
  const password = Buffer.from(call.fields.text("password") ?? "");
  try {
    return loginAnswer(await call.execute(logInWithPassword, { ...namedUser(call), password }));
  } finally {
    password.fill(0);
  }
};

/** Endpoints of user names and passwords (OpenBao, internal/builtin/credential/userpass). */
export const userpassRoutes: readonly Route[] = [
  { pattern: "login/:name", fields: ["password"], operations: { update: login }, open: ["update"] },
  { pattern: "users", fields: ["after", "limit"], operations: { list: listRoute("user") }, slash: true },
  {
    pattern: "users/:name",
    fields: userFields,
    operations: { read: readUserRoute, update: writeUserRoute, delete: deleteUserRoute },
    exists: userExists,
  },
  {
    pattern: "users/:name/password",
    fields: ["password", "password_hash"],
    operations: { update: writePasswordRoute },
  },
  {
    pattern: "users/:name/policies",
    fields: ["policies", "token_policies"],
    operations: { update: writePoliciesRoute },
  },
];
