import { sha256Hex } from "@coffer/crypto";
import { algorithmName, type SignedRequest, scopeTerminator } from "./request.ts";

/** What the SHA-256 of no bytes is: most GET requests, so it is not computed. */
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** Words of visible ASCII with one space between: already canonical. */
const canonicalValue = /^[!-~]+(?: [!-~]+)*$/;
const latin1Only = /^[\0-\xff]*$/;
const methodToken = /^[A-Za-z]{1,32}$/;

/** Lower-case hex SHA-256 of a body. */
export function payloadHash(body: Uint8Array): string {
  return body.byteLength === 0 ? emptyHash : sha256Hex(body);
}

/**
 * A header value as it is signed: trimmed, inner runs of white space made one space (folded lines too, so that no value
 * can smuggle a line into the canonical request).
 */
export function canonicalHeaderValue(value: string): string {
  if (canonicalValue.test(value)) return value;
  return value.replace(/[\t-\r ]+/g, " ").replace(/^ | $/g, "");
}

/**
 * The canonical request (AWS Signature Version 4, "Create a canonical request"), as a byte string. `path` and `query` are
 * canonical already, `signedHeaders` are lower-case names in the order in which they are signed. Undefined when one of
 * them was not sent or when the request holds something that no HTTP request can hold.
 */
export function canonicalRequest(
  request: Pick<SignedRequest, "method" | "headers">,
  path: string,
  query: string,
  signedHeaders: readonly string[],
  bodyHash: string,
): string | undefined {
  if (request.method !== "POST" && !methodToken.test(request.method)) return undefined;
  let text = `${request.method}\n${path}\n${query}\n`;
  for (const name of signedHeaders) {
    const value = request.headers.get(name);
    if (value === undefined) return undefined;
    text += `${name}:${canonicalValue.test(value) ? value : canonicalHeaderValue(value)}\n`;
  }
  return `${text}\n${signedHeaders.join(";")}\n${bodyHash}`;
}

/** The string to sign, `stamp` being `YYYYMMDDTHHMMSSZ`; undefined when `canonical` is no byte string. */
export function stringToSign(
  stamp: string,
  scope: { readonly date: string; readonly region: string; readonly service: string },
  canonical: string,
): string | undefined {
  let hash: string;
  // UTF-8 is as long as the text only when all of it is ASCII.
  if (Buffer.byteLength(canonical) === canonical.length) hash = sha256Hex(canonical);
  else if (latin1Only.test(canonical)) hash = sha256Hex(Buffer.from(canonical, "latin1"));
  else return undefined;
  return `${algorithmName}\n${stamp}\n${scope.date}/${scope.region}/${scope.service}/${scopeTerminator}\n${hash}`;
}
