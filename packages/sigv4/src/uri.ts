const plainValue = /^[A-Za-z0-9\-._~]*$/;
const plainPath = /^[A-Za-z0-9\-._~/]*$/;

/** The RFC 3986 form of each byte: itself when unreserved (section 2.3), otherwise `%XX` in upper case. */
const encodedBytes = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return plainValue.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
});

/** A query parameter as it goes into the canonical query: both parts percent-encoded. */
export interface EncodedParameter {
  readonly name: string;
  readonly value: string;
}

/** Percent-encodes a byte string as Signature Version 4 asks: all but the unreserved characters, space as `%20`. */
export function encodeUri(text: string): string {
  if (plainValue.test(text)) return text;
  let encoded = "";
  for (let i = 0; i < text.length; i++) encoded += encodedByte(text.charCodeAt(i));
  return encoded;
}

/** Decodes `%XX`; a `%` that starts no such triple stands for itself, and so does `+`. */
export function decodeUri(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/**
 * The canonical path for every service but S3: dot segments and empty segments removed, then each byte of the path as sent
 * encoded once more, so that a sent `%20` becomes `%2520`.
 */
export function canonicalPath(path: string): string {
  if (path === "/" || path === "") return "/";
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  if (kept.length === 0) return "/";
  const normalized = `/${kept.join("/")}${path.endsWith("/") ? "/" : ""}`;
  if (plainPath.test(normalized)) return normalized;
  let encoded = "";
  for (let i = 0; i < normalized.length; i++) {
    const code = normalized.charCodeAt(i);
    encoded += code === 0x2f ? "/" : encodedByte(code);
  }
  return encoded;
}

/** Splits a raw query at `&` and the first `=`; empty pieces are dropped. */
export function splitQuery(query: string): EncodedParameter[] {
  const parameters: EncodedParameter[] = [];
  for (const piece of query.split("&")) {
    if (piece === "") continue;
    const equals = piece.indexOf("=");
    const name = equals < 0 ? piece : piece.slice(0, equals);
    const value = equals < 0 ? "" : piece.slice(equals + 1);
    parameters.push({ name: encodeUri(decodeUri(name)), value: encodeUri(decodeUri(value)) });
  }
  return parameters;
}

/** The canonical query: parameters in byte order of their encoded names, then values. `omit` is left out of it. */
export function canonicalQuery(query: string, omit?: string): string {
  if (query === "") return "";
  const parameters = splitQuery(query).filter((parameter) => parameter.name !== omit);
  // Not by the joined text: "a=1" comes before "a-b=1" although "=" sorts after "-".
  parameters.sort((a, b) => compare(a.name, b.name) || compare(a.value, b.value));
  return parameters.map((parameter) => `${parameter.name}=${parameter.value}`).join("&");
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** A character above U+00FF is no byte. It stays as it is: the string to sign refuses it. */
function encodedByte(code: number): string {
  return encodedBytes[code] ?? String.fromCharCode(code);
}
