import { sha256Hex } from "@coffer/crypto";

/**
 * Why a request is refused. Where AWS's name differs, it stands beside the code:
 *
 * - `MissingAuthenticationToken`: nothing that looks like a signature (AWS JSON `MissingAuthenticationTokenException`)
 * - `IncompleteSignature`: a part is missing or malformed (`IncompleteSignatureException`)
 * - `UnrecognizedAlgorithm`: not AWS4-HMAC-SHA256 (`IncompleteSignatureException`)
 * - `InvalidClientTokenId`: the access key id or session token cannot be one (`UnrecognizedClientException`)
 * - `InvalidScope`: date, service or terminator of the credential scope (`InvalidSignatureException`)
 * - `SignatureExpired`, `NotYetCurrent`: the clock (`InvalidSignatureException`)
 * - `InvalidSignature`: the signature, or something that it must cover and does not (`InvalidSignatureException`,
 *   `SignatureDoesNotMatch` in the query protocol)
 */
export type SignatureProblemCode =
  | "MissingAuthenticationToken"
  | "IncompleteSignature"
  | "UnrecognizedAlgorithm"
  | "InvalidClientTokenId"
  | "InvalidScope"
  | "SignatureExpired"
  | "NotYetCurrent"
  | "InvalidSignature";

/**
 * A refusal. `message` is AWS's own wording where AWS has one. It never holds a signature, a token, the Authorization header
 * or a credential, because people paste secrets into the wrong field: it may be returned, logged and audited.
 */
export interface SignatureProblem {
  readonly code: SignatureProblemCode;
  readonly message: string;
}

/** The failing half of every answer of this package. */
export interface SignatureRefusal {
  readonly ok: false;
  readonly problem: SignatureProblem;
}

/** Wraps a code and a message. */
export function refuse(code: SignatureProblemCode, message: string): SignatureRefusal {
  return { ok: false, problem: { code, message } };
}

const mismatch = refuse(
  "InvalidSignature",
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
);

/** The one answer to every signature that is not the right one. */
export function refuseMismatch(): SignatureRefusal {
  return mismatch;
}

/** The base64 SHA-256 that AWS shows in place of the header itself (seen in answers since 2023). */
export function fingerprint(text: string): string {
  return Buffer.from(sha256Hex(text), "hex").toString("base64");
}

/** Caller-sent text made safe for a message: printable ASCII, no quotes, 64 characters at most. */
export function quote(text: string): string {
  const shown = text.slice(0, 64).replace(/[^\x20-\x26\x28-\x7e]/g, "?");
  return `'${shown}${text.length > 64 ? "..." : ""}'`;
}
