import { authNameExists, deleteVaultUser, readVaultUser, ServiceError, writeVaultUser } from "@coffer/service";
import { readRenamedTokenFields } from "../auth/old-token-fields.ts";
import { tokenData, tokenFieldNames } from "../auth/token-fields.ts";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { noContent, ok } from "../http/envelope.ts";
import type { Fields } from "../http/fields.ts";
import type { RoutePath } from "../http/routes.ts";

/** The mount and user that a call's path names. */
export function namedUser(call: VaultCall) {
  return { mount: call.mount!, name: call.captures[0]! };
}

/** The parameters of a user. */
export const userFields = [
  "bound_cidrs",
  "max_ttl",
  "password",
  "password_hash",
  "policies",
  "ttl",
  ...tokenFieldNames,
];

/** Whether the user of a path is there. */
export function userExists({ core, mount, captures }: RoutePath): Promise<boolean> {
  return authNameExists(core, mount!, "user", captures[0]!.toLowerCase());
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/**
 * The password that a call gives, in UTF-8; undefined when it gives none. Hashes made elsewhere are refused: they are
 * bcrypt's.
 */
function readPassword(fields: Fields): Buffer | undefined {
  const password = fields.text("password") ?? "";
  const hash = fields.text("password_hash") ?? "";
  if (password !== "" && hash !== "") refuse("only one of password or password_hash may be provided");
  if (hash !== "") refuse("password_hash is not supported: passwords are hashed with Argon2id; give password instead");
  return password === "" ? undefined : Buffer.from(password);
}

async function write(call: VaultCall, fields: Fields, mode: "create" | "update"): Promise<void> {
  const password = readPassword(fields);
  try {
    const input = { ...namedUser(call), ...readRenamedTokenFields(fields), mode };
    await call.execute(writeVaultUser, password === undefined ? input : { ...input, password });
  } finally {
    password?.fill(0);
  }
}

/** Vault API: auth/userpass, create or update a user. */
export const writeUserRoute: RouteHandler = async (call) => {
  await write(call, call.fields.only(userFields), call.creates ? "create" : "update");
  return noContent;
};

/** Vault API: auth/userpass, update a user's password. */
export const writePasswordRoute: RouteHandler = async (call) => {
  if (readPassword(call.fields) === undefined) refuse("must provide either password or password_hash");
  await write(call, call.fields.only(["password"]), "update");
  return noContent;
};

/** Vault API: auth/userpass, update a user's policies. */
export const writePoliciesRoute: RouteHandler = async (call) => {
  await write(call, call.fields.only(["policies", "token_policies"]), "update");
  return noContent;
};

/** Vault API: auth/userpass, read a user. */
export const readUserRoute: RouteHandler = async (call) => {
  const user = await call.execute(readVaultUser, namedUser(call));
  if (user === undefined) throw ServiceError.of("NotFound", { resource: "operation", id: "" });
  const policies = user.old["policies"] === undefined ? {} : { policies: user.token.policies };
  const data = { ...user.old, ...policies, ...tokenData(user.token) };
  return ok(JSON.stringify(data));
};

/** Vault API: auth/userpass, delete a user. */
export const deleteUserRoute: RouteHandler = async (call) => {
  await call.execute(deleteVaultUser, namedUser(call));
  return noContent;
};
