import { isUtf8 } from "node:buffer";
import type { WireRequest } from "./message.ts";

/** A request body as text; undefined when it is not valid UTF-8. */
export function decodeUtf8(body: Uint8Array): string | undefined {
  return isUtf8(body) ? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8") : undefined;
}

/** The content codings that compress (IANA: HTTP Content Coding Registry). */
const compressions: ReadonlySet<string> = new Set([
  "gzip",
  "x-gzip",
  "deflate",
  "br",
  "zstd",
  "compress",
  "x-compress",
  "dcb",
  "dcz",
]);

/**
 * How a body was encoded for its way (RFC 9110 section 8.4), in lower case; none of Coffer's APIs takes any. Without a
 * body there is none.
 */
export function contentCodings({ headers, body }: WireRequest): readonly string[] {
  const header = body.byteLength === 0 ? undefined : headers.get("content-encoding");
  if (header === undefined) return [];
  const codings = header.split(",").map((coding) => coding.trim().toLowerCase());
  return codings.filter((coding) => coding !== "" && coding !== "identity");
}

/** Whether a body is compressed. Some AWS clients name codings that change nothing, such as `amz-1.0`. */
export function isCompressed(request: WireRequest): boolean {
  return contentCodings(request).some((coding) => compressions.has(coding));
}
