import { hmacSha256, type SecretBytes, timingSafeEqualBytes } from "@coffer/crypto";
import { canonicalRequest, payloadHash, stringToSign } from "./canonical.ts";
import { queryPayloadHash } from "./parse-presigned.ts";
import type { ParsedSignature } from "./parsed-signature.ts";
import { refuse, refuseMismatch, type SignatureRefusal } from "./problem.ts";
import type { SignedRequest } from "./request.ts";
import { deriveSigningKey, type SigningKeyCache, signingKeyId } from "./signing-key.ts";
import { formatBasicTimestamp, formatTimeOfDay } from "./timestamp.ts";
import { canonicalPath, canonicalQuery } from "./uri.ts";

/** What a signature is verified against. */
export interface VerifyOptions {
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** How far the signer's clock may be off, both ways. AWS KMS takes 300,000 (5 minutes), most services 900,000. */
  readonly maxSkewMs: number;
  /** Service names that the credential scope may have, for example `["kms"]`. */
  readonly expectedServices: readonly string[];
  /** Holds derived signing keys between calls. */
  readonly cache: SigningKeyCache;
  /** The longest that a presigned request is good for, whatever its `X-Amz-Expires` asks for. Default: what it asks for. */
  readonly maxPresignedMs?: number;
  /** Refuse requests that do not send `x-amz-content-sha256`. Default false: only S3 asks for it. */
  readonly requirePayloadHash?: boolean;
}

const signaturePattern = /^[0-9a-f]{64}$/;

/**
 * Tells whether `request` was signed with `secret` at about now, for one of the expected services. `signature` is what
 * {@link parseSignature} gave for this very request; `secret` is the secret access key of `signature.accessKeyId` (its
 * bytes, ASCII) and stays with the caller. Give the same SecretBytes object for as long as the secret is the same: it is
 * what a cached signing key is bound to.
 *
 * Covered by the signature, or refused: method, path, query, `host` and every `x-amz-*` header, the body's real hash,
 * the time, the scope. `UNSIGNED-PAYLOAD` and chunked signatures are refused. Other headers are covered when the client
 * signed them. A session token is compared by nobody here: the caller ties it to the access key.
 *
 * A presigned request is good from its time until `X-Amz-Expires` later, at most `maxPresignedMs`, without allowance at
 * the end; one that does not say is treated as the header form is.
 *
 * Never throws on any request; throws if the secret was disposed.
 */
export function verifySignature(
  request: SignedRequest,
  signature: ParsedSignature,
  secret: SecretBytes,
  options: VerifyOptions,
): { ok: true } | SignatureRefusal {
  if (!options.expectedServices.includes(signature.service)) return refuseService(options.expectedServices);
  // The body is hashed last: it is the one check whose cost the sender chooses.
  const refusal = refuseTime(signature, options) ?? refuseUnsignedHeaders(request, signature);
  if (refusal !== undefined) return refusal;
  const bodyHash = payloadHash(request.body);
  const payloadRefusal = refusePayload(request, signature, bodyHash, options.requirePayloadHash === true);
  if (payloadRefusal !== undefined) return payloadRefusal;
  if (!signaturePattern.test(signature.signature)) return refuseMismatch();

  const query =
    request.query === ""
      ? ""
      : canonicalQuery(request.query, signature.form === "presigned" ? "X-Amz-Signature" : undefined);
  const canonical = canonicalRequest(request, canonicalPath(request.path), query, signature.signedHeaders, bodyHash);
  if (canonical === undefined) return refuseMismatch();
  const text = stringToSign(`${signature.date}${formatTimeOfDay(signature.timestampMs)}`, signature, canonical);
  if (text === undefined) return refuseMismatch();

  const keyId = signingKeyId(signature.accessKeyId, signature);
  const cached = options.cache.find(keyId, secret);
  const key = cached ?? deriveSigningKey(secret, signature);
  const expected = hmacSha256(key, text);
  if (!timingSafeEqualBytes(expected, Buffer.from(signature.signature, "hex"))) return refuseMismatch();
  // Only now: whoever cannot sign must not be able to push the keys of those who can out of the cache.
  if (cached === undefined) options.cache.keep(keyId, secret, key);
  return { ok: true };
}

function refuseService(expectedServices: readonly string[]): SignatureRefusal {
  return refuse(
    "InvalidScope",
    `Credential should be scoped to correct service: '${expectedServices.join("' or '")}'.`,
  );
}

function refuseTime(signature: ParsedSignature, options: VerifyOptions): SignatureRefusal | undefined {
  const { nowMs, maxSkewMs } = options;
  const { timestampMs, expiresSeconds } = signature;
  if (timestampMs > nowMs + maxSkewMs) {
    return refuse(
      "NotYetCurrent",
      `Signature not yet current: ${formatBasicTimestamp(timestampMs)} is still later than ${formatBasicTimestamp(nowMs + maxSkewMs)} (${formatBasicTimestamp(nowMs)} + ${duration(maxSkewMs)})`,
    );
  }
  const { maxPresignedMs = Number.POSITIVE_INFINITY } = options;
  const lifetimeMs = expiresSeconds === undefined ? maxSkewMs : Math.min(expiresSeconds * 1000, maxPresignedMs);
  if (timestampMs < nowMs - lifetimeMs) {
    return refuse(
      "SignatureExpired",
      `Signature expired: ${formatBasicTimestamp(timestampMs)} is now earlier than ${formatBasicTimestamp(nowMs - lifetimeMs)} (${formatBasicTimestamp(nowMs)} - ${duration(lifetimeMs)})`,
    );
  }
  return undefined;
}

/** AWS writes `5 min.`. */
function duration(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000} min.` : `${ms / 1000} sec.`;
}

function refuseUnsignedHeaders(request: SignedRequest, signature: ParsedSignature): SignatureRefusal | undefined {
  for (const name of request.headers.keys()) {
    // x-amz-target names the operation and x-amz-security-token the session: unsigned, anybody on the way could swap them.
    if (name.startsWith("x-amz-") && !signature.signedHeaders.includes(name)) {
      return refuse("InvalidSignature", "There were headers present in the request which were not signed");
    }
  }
  return undefined;
}

function refusePayload(
  request: SignedRequest,
  signature: ParsedSignature,
  bodyHash: string,
  required: boolean,
): SignatureRefusal | undefined {
  const inHeader = request.headers.get("x-amz-content-sha256");
  const inQuery = signature.form === "presigned" ? queryPayloadHash(request.query) : undefined;
  if (required && inHeader === undefined && inQuery === undefined) {
    return refuse("InvalidSignature", "Missing the 'x-amz-content-sha256' header.");
  }
  const right = (inHeader ?? bodyHash) === bodyHash && (inQuery ?? bodyHash) === bodyHash;
  if (right) return undefined;
  return refuse(
    "InvalidSignature",
    "The provided 'x-amz-content-sha256' header does not match what was computed. An unsigned or chunked payload is not accepted.",
  );
}
