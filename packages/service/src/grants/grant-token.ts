import { hmacSha256, timingSafeEqualBytes } from "@coffer/crypto";
import { ServiceError } from "../errors.ts";

/** The grant that a token is for. */
export interface GrantReference {
  readonly region: string;
  /** The key's account, 12 digits. */
  readonly account: string;
  readonly keyId: string;
  readonly grantId: string;
}

const version = 1;
const nonceBytes = 16;
const macBytes = 32;

/**
 * Makes a grant token: base64 over a version byte, a nonce, the grant's place, and an HMAC-SHA256 over these. Only this
 * instance can make one; it is no secret and allows nothing by itself.
 *
 * @param key the instance's key for grant tokens
 * @param nonce 16 random bytes: no two tokens are the same
 */
export function encodeGrantToken(key: Buffer, grant: GrantReference, nonce: Uint8Array): string {
  const place = `${grant.region}/${grant.account}/${grant.keyId}/${grant.grantId}`;
  const body = Buffer.concat([Uint8Array.of(version), nonce, Buffer.from(place)]);
  return Buffer.concat([body, hmacSha256(key, body)]).toString("base64");
}

/**
 * The grant of a token. The grant may be gone.
 *
 * @throws ServiceError GrantTokenInvalid unless this instance made the token
 */
export function parseGrantToken(key: Buffer, token: string): GrantReference {
  const bytes = Buffer.from(token, "base64");
  const body = bytes.subarray(0, Math.max(0, bytes.length - macBytes));
  const authentic = timingSafeEqualBytes(bytes.subarray(body.length), hmacSha256(key, body));
  if (!authentic || bytes.toString("base64") !== token || body[0] !== version) {
    throw ServiceError.of("GrantTokenInvalid", {});
  }
  const parts = body
    .subarray(1 + nonceBytes)
    .toString()
    .split("/");
  const [region, account, keyId, grantId] = parts as [string, string, string, string];
  return { region, account, keyId, grantId };
}
