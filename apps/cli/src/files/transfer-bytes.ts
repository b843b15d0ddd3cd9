import { createReadStream, type Stats } from "node:fs";
import { lstat, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { FileOptions, FileSource, FileTarget, TransferredFile } from "@coffer/envelope/node";
import { FileError } from "./file-problem.ts";
import { exists, writeStaged } from "./staged-file.ts";

/** Bytes to bytes, in pieces. */
export type BytesTransform = (source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/**
 * Carries a file or stream through a transform of another format, with the same care as the library has for its own: a
 * target file is there as a whole or not at all.
 *
 * @throws FileError, what the transform throws, the signal's reason
 */
export async function transferBytes(
  source: FileSource,
  target: FileTarget,
  { signal, onProgress, overwrite = false, keepTimes = false }: FileOptions,
  transform: BytesTransform,
): Promise<TransferredFile> {
  const like = typeof source === "string" ? await stat(source) : undefined;
  let sourceBytes = 0;
  let targetBytes = 0;
  async function* counted() {
    const chunks = typeof source === "string" ? createReadStream(source, { highWaterMark: 1024 * 1024 }) : source;
    for await (const chunk of chunks) {
      signal?.throwIfAborted();
      sourceBytes += chunk.length;
      onProgress?.({ bytesDone: sourceBytes, bytesTotal: like?.size });
      yield chunk;
    }
  }
  const write = async (put: (bytes: Uint8Array) => Promise<unknown>) => {
    for await (const piece of transform(counted())) {
      targetBytes += piece.length;
      await put(piece);
    }
    signal?.throwIfAborted();
  };
  if (typeof target !== "string") {
    await write(
      (bytes) => new Promise<void>((done, fail) => target.write(bytes, (error) => (error ? fail(error) : done()))),
    );
    return { sourceBytes, targetBytes };
  }
  await refuseTarget(target, overwrite);
  await writeStaged({ folder: dirname(target), target, like, keepTimes, overwrite }, async (path) => {
    await using file = await open(path, "wx", 0o600);
    await write((bytes) => file.writeFile(bytes));
    await file.sync();
  });
  return { sourceBytes, targetBytes };
}

async function refuseTarget(target: string, overwrite: boolean): Promise<void> {
  if (!(await exists(target))) return;
  const there: Stats = await lstat(target);
  if (!there.isFile()) throw new FileError(`${target} is there already and is no plain file.`);
  if (!overwrite) throw new FileError(`${target} is there already; --force replaces it.`);
}

/** All of a source that has to be in memory at once. @throws FileError when it is too large */
export async function readAll(source: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > maxBytes)
      throw new FileError(`it has more than ${maxBytes} bytes, which this format keeps in memory at once.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
