import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

/** Whether a message has a body (RFC 9112 6.3). */
export function hasBody(headers: IncomingHttpHeaders): boolean {
  const length = headers["content-length"];
  return (length !== undefined && length !== "0") || headers["transfer-encoding"] !== undefined;
}

/** The length that a message announces; 0 when it announces none. */
export function announcedBytes(headers: IncomingHttpHeaders): number {
  const length = headers["content-length"];
  return length === undefined ? 0 : Number(length);
}

/**
 * Gathers a body. A body of one chunk, as nearly all are, is not copied. Calls nothing when the connection breaks.
 *
 * @param maxBytes beyond it `onTooLarge` is called instead of `onBody`, and the rest is left unread
 */
export function readBody(
  message: IncomingMessage,
  maxBytes: number,
  onBody: (body: Uint8Array) => void,
  onTooLarge: () => void,
): void {
  let only: Buffer | undefined;
  let chunks: Buffer[] | undefined;
  let bytes = 0;
  const onData = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      message.off("data", onData);
      message.off("end", onEnd);
      onTooLarge();
      return;
    }
    if (chunks !== undefined) chunks.push(chunk);
    else if (only === undefined) only = chunk;
    else chunks = [only, chunk];
  };
  const onEnd = (): void => onBody(chunks === undefined ? (only ?? noBytes) : Buffer.concat(chunks, bytes));
  message.on("data", onData);
  message.on("end", onEnd);
}

const noBytes = new Uint8Array(0);
