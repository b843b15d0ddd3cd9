import { refuseOtherAlgorithm } from "./algorithm.ts";
import { assembleSignature, type ParsedSignature } from "./parsed-signature.ts";
import { fingerprint, quote, refuse, type SignatureRefusal } from "./problem.ts";
import { requestLimits, type SignedRequest } from "./request.ts";
import { parseBasicTimestamp, parseDateHeader } from "./timestamp.ts";

interface AuthorizationParts {
  readonly algorithm: string;
  readonly credential: string | undefined;
  readonly signedHeaders: string | undefined;
  readonly signature: string | undefined;
}

/** Parses the header form: `ALGORITHM Credential=..., SignedHeaders=..., Signature=...` and the date header. */
export function parseAuthorization(
  request: SignedRequest,
  authorization: string,
): { ok: true; signature: ParsedSignature } | SignatureRefusal {
  if (authorization.length > requestLimits.authorizationBytes) {
    return refuse("IncompleteSignature", "The Authorization header is too long.");
  }
  const parts = splitAuthorization(authorization);
  if ("ok" in parts) return parts;
  const { algorithm, credential, signedHeaders, signature } = parts;
  const amzDate = request.headers.get("x-amz-date");
  const date = amzDate ?? request.headers.get("date");
  if (!credential || !signature || signedHeaders === undefined || !date) {
    return refuseMissingParts(parts, date, authorization);
  }
  const timestampMs = amzDate === undefined ? parseDateHeader(date) : parseBasicTimestamp(date);
  if (timestampMs === undefined) return refuseDate(date);
  const refusal = refuseOtherAlgorithm(algorithm);
  if (refusal !== undefined) return refusal;
  return assembleSignature({
    form: "header",
    credential,
    signedHeaders,
    signature,
    timestampMs,
    expiresSeconds: undefined,
    sessionToken: request.headers.get("x-amz-security-token"),
  });
}

/** The refusal of a date that is no ISO 8601 basic timestamp. */
export function refuseDate(sent: string): SignatureRefusal {
  return refuse(
    "IncompleteSignature",
    `Date must be in ISO-8601 'basic format'. Got ${quote(sent)}. See http://en.wikipedia.org/wiki/ISO_8601`,
  );
}

/**
 * Cuts the header at spaces, tabs and commas, each piece at its first `=`. AWS takes any of these separators: clients send
 * `, `, a bare comma, or a bare space.
 */
function splitAuthorization(text: string): AuthorizationParts | SignatureRefusal {
  const algorithmEnd = endOfPiece(text, 0);
  let credential: string | undefined;
  let signedHeaders: string | undefined;
  let signature: string | undefined;
  let at = algorithmEnd;
  while (at < text.length) {
    if (isSeparator(text.charCodeAt(at))) {
      at++;
      continue;
    }
    const end = endOfPiece(text, at);
    const equals = text.indexOf("=", at);
    if (equals < 0 || equals >= end) return refuseNoEquals(text);
    const value = text.slice(equals + 1, end);
    const name = text.slice(at, equals);
    at = end;
    // Two of one part could be read as two different signatures, and a part unknown here might mean something elsewhere.
    if (name === "Credential" && credential === undefined) credential = value;
    else if (name === "SignedHeaders" && signedHeaders === undefined) signedHeaders = value;
    else if (name === "Signature" && signature === undefined) signature = value;
    else return refuse("IncompleteSignature", "Authorization header has a part twice, or one that is not known.");
  }
  return { algorithm: text.slice(0, algorithmEnd), credential, signedHeaders, signature };
}

function isSeparator(code: number): boolean {
  return code === 0x20 || code === 0x2c || code === 0x09;
}

/** Where the piece ends that starts at `start`. There are at most five pieces, so searching ahead three times is cheap. */
function endOfPiece(text: string, start: number): number {
  return Math.min(next(text, " ", start), next(text, ",", start), next(text, "\t", start));
}

function next(text: string, separator: string, start: number): number {
  const at = text.indexOf(separator, start);
  return at < 0 ? text.length : at;
}

function refuseNoEquals(authorization: string): SignatureRefusal {
  return refuse(
    "IncompleteSignature",
    `Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '${fingerprint(authorization)}'.`,
  );
}

function refuseMissingParts(
  parts: AuthorizationParts,
  date: string | undefined,
  authorization: string,
): SignatureRefusal {
  const texts: string[] = [];
  if (!parts.credential) texts.push("Authorization header requires 'Credential' parameter.");
  if (!parts.signature) texts.push("Authorization header requires 'Signature' parameter.");
  if (parts.signedHeaders === undefined) texts.push("Authorization header requires 'SignedHeaders' parameter.");
  if (!date) texts.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  // AWS used to show the header itself and shows its hash today: a header may hold what nobody should see again.
  texts.push(`(Hashed with SHA-256 and encoded with Base64) Authorization=${fingerprint(authorization)}`);
  return refuse("IncompleteSignature", texts.join(" "));
}
