import { refuseOtherAlgorithm } from "./algorithm.ts";
import { refuseDate } from "./parse-authorization.ts";
import { assembleSignature, type ParsedSignature } from "./parsed-signature.ts";
import { refuse, type SignatureRefusal } from "./problem.ts";
import { maxExpiresSeconds, requestLimits, type SignedRequest } from "./request.ts";
import { parseBasicTimestamp } from "./timestamp.ts";
import { decodeUri, splitQuery } from "./uri.ts";

/** In the order in which AWS names the missing ones. */
const requiredParameters = [
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Signature",
  "X-Amz-SignedHeaders",
  "X-Amz-Date",
] as const;
const readParameters: ReadonlySet<string> = new Set([
  ...requiredParameters,
  "X-Amz-Expires",
  "X-Amz-Security-Token",
  "X-Amz-Content-Sha256",
]);

/** Parses the query form: `X-Amz-Algorithm=...&X-Amz-Credential=...` and so on. */
export function parsePresigned(request: SignedRequest): { ok: true; signature: ParsedSignature } | SignatureRefusal {
  const sent = readQuery(request.query);
  if (sent === undefined) {
    return refuse("IncompleteSignature", "AWS query-string parameters must not be repeated, and not too many.");
  }
  const missing = requiredParameters.filter((name) => !sent.get(name));
  if (missing.length > 0) {
    const texts = missing.map((name) => `AWS query-string parameters must include '${name}'.`);
    return refuse("IncompleteSignature", `${texts.join(" ")} Re-examine the query-string parameters.`);
  }
  const date = sent.get("X-Amz-Date") ?? "";
  const timestampMs = parseBasicTimestamp(date);
  if (timestampMs === undefined) return refuseDate(date);
  const refusal = refuseOtherAlgorithm(sent.get("X-Amz-Algorithm") ?? "");
  if (refusal !== undefined) return refusal;
  const expires = sent.get("X-Amz-Expires");
  const expiresSeconds = expires === undefined ? undefined : parseExpires(expires);
  if (Number.isNaN(expiresSeconds)) {
    return refuse(
      "IncompleteSignature",
      `X-Amz-Expires must be a whole number of seconds from 1 to ${maxExpiresSeconds} (a week).`,
    );
  }
  const tokenHeader = request.headers.get("x-amz-security-token");
  const tokenParameter = sent.get("X-Amz-Security-Token");
  if (tokenHeader !== undefined && tokenParameter !== undefined) {
    return refuse("IncompleteSignature", "The session token is sent both as a header and as a query-string parameter.");
  }
  return assembleSignature({
    form: "presigned",
    credential: sent.get("X-Amz-Credential") ?? "",
    signedHeaders: sent.get("X-Amz-SignedHeaders") ?? "",
    signature: sent.get("X-Amz-Signature") ?? "",
    timestampMs,
    expiresSeconds,
    sessionToken: tokenParameter ?? tokenHeader,
  });
}

/** The payload hash that a query names, if it does: some presigners put it there. */
export function queryPayloadHash(query: string): string | undefined {
  return query.includes("X-Amz-Content-Sha256") ? readQuery(query)?.get("X-Amz-Content-Sha256") : undefined;
}

/** The decoded parameters that mean something here; undefined when one of them comes twice or there are too many. */
function readQuery(query: string): Map<string, string> | undefined {
  const parameters = splitQuery(query);
  if (parameters.length > requestLimits.queryParameters) return undefined;
  const read = new Map<string, string>();
  for (const { name, value } of parameters) {
    if (!readParameters.has(name)) continue;
    if (read.has(name)) return undefined;
    read.set(name, decodeUri(value));
  }
  return read;
}

function parseExpires(text: string): number {
  if (!/^[0-9]{1,6}$/.test(text)) return Number.NaN;
  const seconds = Number(text);
  return seconds >= 1 && seconds <= maxExpiresSeconds ? seconds : Number.NaN;
}
