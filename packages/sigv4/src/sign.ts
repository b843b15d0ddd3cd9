import { hmacSha256, SecretBytes } from "@coffer/crypto";
import { canonicalRequest, payloadHash, stringToSign } from "./canonical.ts";
import { algorithmName, maxExpiresSeconds, type SignedRequest, scopeTerminator } from "./request.ts";
import { deriveSigningKey, type KeyScope } from "./signing-key.ts";
import { formatDate, formatTimeOfDay } from "./timestamp.ts";
import { canonicalPath, canonicalQuery, encodeUri } from "./uri.ts";

/** Who signs. */
export interface SigningCredentials {
  readonly accessKeyId: string;
  /** A SecretBytes keeps the secret out of the heap's strings; it stays with the caller. */
  readonly secretAccessKey: string | SecretBytes;
  /** Sent and signed along, for temporary credentials. */
  readonly sessionToken?: string;
}

/** What is signed for, and when. */
export interface SigningScope {
  readonly region: string;
  /** The signing name, for example `kms`. */
  readonly service: string;
  /** Milliseconds since the epoch. */
  readonly timestampMs: number;
}

/**
 * Headers that proxies and HTTP stacks add, drop or change on the way, so that a signature over them would break. The AWS SDKs
 * leave out the same ones.
 */
const unsignedHeaders: ReadonlySet<string> = new Set([
  "authorization",
  "connection",
  "expect",
  "keep-alive",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
  "x-amzn-trace-id",
]);
const headerName = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
const scopePart = /^[a-z0-9-]+$/;

/**
 * Signs a request in the header form: gives the headers to add, `x-amz-date`, `authorization` and, with a session token,
 * `x-amz-security-token`. All headers given are signed but those that change on the way (`user-agent` and the like), so
 * `host` must be among them; so is `x-amz-content-sha256` when the caller wants it sent. The path is signed as for every
 * service but S3, and must be as it will be sent, percent-encoded.
 *
 * @throws TypeError when the request cannot be signed: no `host`, a header name that is not lower-case, a region, service
 *   or access key id with a character that a credential cannot have, a character above U+00FF
 */
export function signRequest(
  request: SignedRequest,
  credentials: SigningCredentials,
  scope: SigningScope,
): Map<string, string> {
  const plan = planSigning(credentials, scope);
  const added = new Map([["x-amz-date", plan.stamp]]);
  if (credentials.sessionToken !== undefined) added.set("x-amz-security-token", credentials.sessionToken);
  const headers = new Map([...request.headers, ...added]);
  const signedHeaders = headersToSign(headers);
  const query = canonicalQuery(request.query);
  const signature = calculateSignature({ ...request, headers }, query, signedHeaders, plan, credentials);
  added.set(
    "authorization",
    `${algorithmName} Credential=${plan.credential}, SignedHeaders=${signedHeaders.join(";")}, Signature=${signature}`,
  );
  return added;
}

/**
 * Signs a request in the query form: gives the whole query to send, the request's own first. Whoever has it can send this
 * request until `expiresSeconds` (1 to 604800) after the scope's time. All headers given are signed, as in
 * {@link signRequest}, and must be sent along.
 *
 * @throws TypeError as {@link signRequest}
 * @throws RangeError when `expiresSeconds` is not a whole number from 1 to 604800
 */
export function presignRequest(
  request: SignedRequest,
  credentials: SigningCredentials,
  scope: SigningScope,
  expiresSeconds: number,
): string {
  if (!Number.isInteger(expiresSeconds) || expiresSeconds < 1 || expiresSeconds > maxExpiresSeconds) {
    throw new RangeError(`a presigned request is good for 1 to ${maxExpiresSeconds} seconds`);
  }
  const plan = planSigning(credentials, scope);
  const signedHeaders = headersToSign(request.headers);
  const parameters: [string, string][] = [
    ["X-Amz-Algorithm", algorithmName],
    ["X-Amz-Credential", plan.credential],
    ["X-Amz-Date", plan.stamp],
    ["X-Amz-SignedHeaders", signedHeaders.join(";")],
    ["X-Amz-Expires", String(expiresSeconds)],
  ];
  if (credentials.sessionToken !== undefined) parameters.push(["X-Amz-Security-Token", credentials.sessionToken]);
  const added = parameters.map(([name, value]) => `${name}=${encodeUri(value)}`).join("&");
  const query = request.query === "" ? added : `${request.query}&${added}`;
  const signature = calculateSignature(request, canonicalQuery(query), signedHeaders, plan, credentials);
  return `${query}&X-Amz-Signature=${signature}`;
}

interface SigningPlan extends KeyScope {
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly stamp: string;
  /** Access key id and scope, joined by slashes. */
  readonly credential: string;
}

function planSigning(credentials: SigningCredentials, scope: SigningScope): SigningPlan {
  const { region, service, timestampMs } = scope;
  if (!scopePart.test(region) || !scopePart.test(service)) {
    throw new TypeError("region and service have lower-case letters, digits and hyphens only");
  }
  if (!/^[!-+\--.0-~]+$/.test(credentials.accessKeyId)) {
    throw new TypeError("an access key id has visible ASCII characters only, neither comma nor slash");
  }
  const date = formatDate(timestampMs);
  return {
    date,
    region,
    service,
    stamp: `${date}${formatTimeOfDay(timestampMs)}`,
    credential: `${credentials.accessKeyId}/${date}/${region}/${service}/${scopeTerminator}`,
  };
}

function headersToSign(headers: ReadonlyMap<string, string>): string[] {
  const names = [...headers.keys()].filter((name) => !unsignedHeaders.has(name)).sort();
  if (!names.every((name) => headerName.test(name))) throw new TypeError("header names are lower-case tokens");
  if (!names.includes("host")) throw new TypeError("the host header must be given: it is signed");
  return names;
}

function calculateSignature(
  request: SignedRequest,
  query: string,
  signedHeaders: readonly string[],
  plan: SigningPlan,
  credentials: SigningCredentials,
): string {
  const path = canonicalPath(request.path);
  const canonical = canonicalRequest(request, path, query, signedHeaders, payloadHash(request.body));
  const text = canonical === undefined ? undefined : stringToSign(plan.stamp, plan, canonical);
  if (text === undefined) throw new TypeError("the method or a header holds what no HTTP request can hold");
  return hmacSha256(signingKey(credentials.secretAccessKey, plan), text).toString("hex");
}

function signingKey(secret: string | SecretBytes, scope: KeyScope) {
  if (typeof secret !== "string") return deriveSigningKey(secret, scope);
  using owned = SecretBytes.takeFrom(Buffer.from(secret, "utf8"));
  return deriveSigningKey(owned, scope);
}
