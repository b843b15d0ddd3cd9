import {
  authNameExists,
  deleteVaultUser,
  type OldUserParamChanges,
  readVaultUser,
  ServiceError,
  type TokenParamChanges,
  writeVaultUser,
} from "@coffer/service";
import { readTexts, readTokenChanges, renamed, tokenData } from "../auth/token-fields.ts";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { noContent, ok } from "../http/envelope.ts";
import type { Fields } from "../http/fields.ts";
import type { RoutePath } from "../http/routes.ts";

/** The mount and user that a call's path names. */
export function namedUser(call: VaultCall) {
  return { mount: call.mount!, name: call.captures[0]! };
}

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

/** The `token_...` parameters, four of which userpass has by older names too. */
function readParams(fields: Fields): { readonly token: TokenParamChanges; readonly old: OldUserParamChanges } {
  const token = readTokenChanges(fields);
  const all = {
    policies: renamed(token.policies, sanitised(readTexts(fields, "policies"))),
    ttl: renamed(token.ttl, fields.seconds("ttl")),
    maxTtl: renamed(token.maxTtl, fields.seconds("max_ttl")),
    boundCidrs: renamed(token.boundCidrs, readTexts(fields, "bound_cidrs")),
  };
  const pick = (member: "now" | "old") =>
    Object.fromEntries(
      Object.entries(all)
        .map(([name, value]) => [name, value[member]])
        .filter(([, value]) => value !== undefined),
    );
  return { token: { ...token, ...pick("now") }, old: pick("old") };
}

/** By the old name, policies are kept as tokens have them: lower case, each once, sorted. */
function sanitised(policies: readonly string[] | undefined): readonly string[] | undefined {
  return policies && [...new Set(policies.map((policy) => policy.toLowerCase()))].sort();
}

async function write(call: VaultCall, fields: Fields, mode: "create" | "update"): Promise<void> {
  const password = readPassword(fields);
  try {
    const input = { ...namedUser(call), ...readParams(fields), mode };
    await call.execute(writeVaultUser, password === undefined ? input : { ...input, password });
  } finally {
    password?.fill(0);
  }
}

/** Vault API: auth/userpass, create or update a user. */
export const writeUserRoute: RouteHandler = async (call) => {
  await write(call, call.fields, call.creates ? "create" : "update");
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
  const { token, old } = user;
  const data = {
    ...(old.boundCidrs?.length ? { bound_cidrs: old.boundCidrs } : {}),
    ...(old.maxTtl ? { max_ttl: old.maxTtl } : {}),
    ...(old.policies?.length ? { policies: token.policies } : {}),
    ...tokenData(token),
    ...(old.ttl ? { ttl: old.ttl } : {}),
  };
  return ok(JSON.stringify(data));
};

/** Vault API: auth/userpass, delete a user. */
export const deleteUserRoute: RouteHandler = async (call) => {
  await call.execute(deleteVaultUser, namedUser(call));
  return noContent;
};
