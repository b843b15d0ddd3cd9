import { type Core, invalidWrappingToken, isWrappingToken, ServiceError, type WireRequest } from "@coffer/service";
import { shownToken } from "../http/authenticate.ts";
import type { Fields } from "../http/fields.ts";

/**
 * Checks that a request to unwrap has a wrapping token, in its body or as its own, before it is let in (OpenBao,
 * internal/vault/wrapping.go: `validateWrappingToken`).
 *
 * @throws ServiceError InvalidInput, AccessDenied
 */
export async function checkWrappingToken(core: Core, request: WireRequest, fields: Fields): Promise<void> {
  const given = fields.text("token");
  const token = given ?? shownToken(request) ?? "";
  if (token === "") {
    const problem = given === undefined ? "token is empty" : "empty token in request body";
    throw ServiceError.of("AccessDenied", {
      principalArn: "anonymous",
      action: "vault:Update",
      resource: "sys/wrapping",
      basis: "implicitDeny",
      reason: `error validating wrapping token: ${problem}`,
    });
  }
  if (await isWrappingToken(core, token)) return;
  throw ServiceError.of("InvalidInput", { kind: "validation", reason: invalidWrappingToken });
}
