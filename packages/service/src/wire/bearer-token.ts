/**
 * The token of an `Authorization: Bearer TOKEN` header (RFC 6750 section 2.1; the scheme in any case, RFC 9110 section
 * 11.1).
 *
 * @returns undefined for another scheme or an empty token
 */
export function parseBearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.slice(0, 7).toLowerCase() !== "bearer ") return undefined;
  const token = authorization.slice(7).trim();
  return token === "" ? undefined : token;
}
