import { revokeOwnVaultToken, revokeTokenAlone, revokeVaultToken, tidyTokens } from "@coffer/service";
import type { RouteHandler } from "../http/call.ts";
import { noContent } from "../http/envelope.ts";
import { readAccessor } from "./look-up.ts";
import { readToken } from "./renew.ts";

/** Vault API: auth/token/revoke-self. */
export const revokeSelfRoute: RouteHandler = async (call) => {
  await call.execute(revokeOwnVaultToken, { by: "self" });
  return noContent;
};

/** Vault API: auth/token/revoke. A token that is none is no error. */
export const revokeRoute: RouteHandler = async (call) => {
  await call.execute(revokeVaultToken, { by: "token", token: readToken(call.fields.text("token")) });
  return noContent;
};

/** Vault API: auth/token/revoke-accessor. */
export const revokeAccessorRoute: RouteHandler = async (call) => {
  const { found } = await call.execute(revokeVaultToken, { by: "accessor", accessor: readAccessor(call) });
  if (found) return noContent;
  return { status: 200, data: "null", warnings: ["No token found with this accessor"] };
};

/** Vault API: auth/token/revoke-orphan. */
export const revokeOrphanRoute: RouteHandler = async (call) => {
  await call.execute(revokeTokenAlone, { by: "token", token: readToken(call.fields.text("token")) });
  return noContent;
};

/** Vault API: auth/token/tidy. It has worked before its answer. */
export const tidyRoute: RouteHandler = async (call) => {
  await call.execute(tidyTokens, null);
  return { status: 202, data: "null", warnings: [tidyStarted] };
};

/** What tidying answers. */
export const tidyStarted =
  "Tidy operation successfully started. Any information from the operation will be printed to the server's logs.";
