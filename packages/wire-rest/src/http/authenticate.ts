import { type Core, type Principal, parseBearerToken, ServiceError, useToken, type WireRequest } from "@coffer/service";

/**
 * Who sends a request: by `Authorization: Bearer`, else by `X-Vault-Token`. In dev mode a request without either is the
 * account root's; a wrong token is refused there too, so that a mistake shows.
 *
 * @throws ServiceError Unauthenticated
 */
export async function authenticate(core: Core, request: WireRequest): Promise<Principal> {
  const authorization = request.firstHeader("authorization");
  const token = parseBearerToken(authorization) ?? (request.firstHeader("x-vault-token")?.trim() || undefined);
  if (token === undefined) {
    const anonymous = authorization === undefined ? core.identities.anonymous() : undefined;
    if (anonymous !== undefined) return anonymous;
    throw ServiceError.of("Unauthenticated", {
      failure: authorization === undefined ? "missing" : "incomplete",
      reason: "The request has no bearer token.",
    });
  }
  const principal = await useToken(core, token, request.peerAddress);
  if (principal === undefined) {
    throw ServiceError.of("Unauthenticated", { failure: "unknownToken", reason: "The token is unknown or expired." });
  }
  return principal;
}
