import { type Core, type Principal, parseBearerToken, ServiceError, useToken, type WireRequest } from "@coffer/service";

export interface Authenticated {
  readonly principal: Principal;
  /** As shown. Kept for the holder's own lookup only. */
  readonly token: string;
}

/** The token that a request shows, whether it is a good one or not. */
export function shownToken(request: WireRequest): string | undefined {
  return request.firstHeader("x-vault-token")?.trim() || parseBearerToken(request.firstHeader("authorization"));
}

/**
 * Who sends a request: by `X-Vault-Token`, else by `Authorization: Bearer`. Some clients send the header twice; the first
 * counts. Dev mode is no exception here: its token is `root-token`.
 *
 * @throws ServiceError Unauthenticated; AccessDenied from outside the networks that the token is bound to
 */
export async function authenticate(core: Core, request: WireRequest): Promise<Authenticated> {
  const token = shownToken(request);
  if (token === undefined) {
    throw ServiceError.of("Unauthenticated", { failure: "missing", reason: "The request has no token." });
  }
  const principal = await useToken(core, token, request.peerAddress);
  if (principal === undefined) {
    throw ServiceError.of("Unauthenticated", { failure: "unknownToken", reason: "The token is unknown or expired." });
  }
  return { principal, token };
}

/**
 * Refuses what a header asks for and Coffer cannot do: doing the request without it would give an answer that the caller
 * did not want.
 *
 * @throws ServiceError Unsupported
 */
export function refuseUnsupportedHeaders(request: WireRequest): void {
  const namespace = (request.firstHeader("x-vault-namespace") ?? "").trim().replace(/^\/+|\/+$/g, "");
  if (namespace !== "" && namespace !== "root") {
    throw ServiceError.of("Unsupported", {
      reason: 'namespaces are not supported: leave out the X-Vault-Namespace header, or set it to "root"',
    });
  }
}
