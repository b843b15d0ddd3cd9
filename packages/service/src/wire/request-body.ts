import { isUtf8 } from "node:buffer";

/** A request body as text; undefined when it is not valid UTF-8. */
export function decodeUtf8(body: Uint8Array): string | undefined {
  return isUtf8(body) ? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8") : undefined;
}
