import process from "node:process";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { untilAborted } from "./abort.ts";

/** Writes, and waits until the stream is done with the bytes. @throws the stream's error, the signal's reason */
export function writeToStream(stream: Writable, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
  const written = new Promise<void>((resolve, reject) => {
    stream.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
  return untilAborted(written, signal);
}

/** Ends a stream after all was written; the standard output belongs to the process. */
export async function endStream(stream: Writable, signal: AbortSignal | undefined): Promise<void> {
  if (isStandard(stream)) return;
  stream.end();
  await finished(stream, { readable: false, ...(signal && { signal }) });
}

/** Tells a stream's reader that it has not got everything. */
export function breakStream(stream: Writable, error: unknown): void {
  if (!isStandard(stream)) stream.destroy(error instanceof Error ? error : undefined);
}

function isStandard(stream: Writable): boolean {
  return stream === process.stdout || stream === process.stderr;
}
