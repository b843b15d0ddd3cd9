import { renewOwnToken, renewToken, ServiceError } from "@coffer/service";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { authAnswer } from "./auth-answer.ts";
import { readAccessor } from "./look-up.ts";

/** The token that a request is about. @throws ServiceError InvalidInput */
export function readToken(token: string | undefined): string {
  if (token === undefined || token === "") {
    throw ServiceError.of("InvalidInput", { kind: "validation", reason: "missing token ID" });
  }
  return token;
}

function readWanted({ fields, request }: VaultCall) {
  return { increment: fields.seconds("increment") ?? 0, certificates: request.peerCertificates ?? [] };
}

/** Vault API: auth/token/renew-self. */
export const renewSelfRoute: RouteHandler = async (call) => {
  const renewed = await call.execute(renewOwnToken, { subject: { by: "self" }, ...readWanted(call) });
  return authAnswer({ ...renewed, token: call.token ?? "" });
};

/** Vault API: auth/token/renew. */
export const renewRoute: RouteHandler = async (call) => {
  const token = readToken(call.fields.text("token"));
  const renewed = await call.execute(renewToken, { subject: { by: "token", token }, ...readWanted(call) });
  return authAnswer({ ...renewed, token });
};

/** Vault API: auth/token/renew-accessor. The token itself is not shown. */
export const renewAccessorRoute: RouteHandler = async (call) => {
  const subject = { by: "accessor", accessor: readAccessor(call) } as const;
  return authAnswer({ ...(await call.execute(renewToken, { subject, ...readWanted(call) })), token: "" });
};
