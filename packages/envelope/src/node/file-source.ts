import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { fileRefused, onFile, systemCodeOf } from "./file-errors.ts";

/** Where the bytes of a transfer come from: a file's path, or a stream of bytes (a Node or a Web Stream, a generator). */
export type FileSource = string | AsyncIterable<Uint8Array>;

/** Bytes that are read at once. */
const chunkBytes = 1024 * 1024;

/** A file that is open for reading. */
export class SourceFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly stat: BigIntStats;

  private constructor(path: string, handle: FileHandle, stat: BigIntStats) {
    this.path = path;
    this.handle = handle;
    this.stat = stat;
  }

  /** @throws EnvelopeError FileRefused, FileFailed */
  static async open(path: string): Promise<SourceFile> {
    // Whoever opens a pipe without O_NONBLOCK waits for its writer.
    const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
    const handle = await onFile(path, () =>
      open(path, flags).catch((error: unknown) => {
        throw systemCodeOf(error) === "ENXIO" ? notPlain(path) : error;
      }),
    );
    const stat = await handle.stat({ bigint: true });
    if (stat.isFile()) return new SourceFile(path, handle, stat);
    await handle.close();
    throw stat.isDirectory() ? fileRefused(path, "it is a directory; name a file in it", "EISDIR") : notPlain(path);
  }

  get byteLength(): number {
    return Number(this.stat.size);
  }

  /** Its bytes from the beginning, in chunks with memory of their own. @throws EnvelopeError FileFailed, FileRefused */
  async *chunks(): AsyncGenerator<Uint8Array> {
    for (let position = 0; ; ) {
      // One byte more than there should be shows a file that grows.
      const length = Math.min(chunkBytes, Math.max(this.byteLength - position, 0) + 1);
      const buffer = Buffer.allocUnsafeSlow(length);
      const { bytesRead } = await onFile(this.path, () => this.handle.read(buffer, 0, length, position));
      position += bytesRead;
      if (position > this.byteLength || (bytesRead === 0 && position < this.byteLength)) throw changed(this.path);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  }

  /** @throws EnvelopeError FileRefused when somebody wrote to it after it was opened */
  async checkUnchanged(): Promise<void> {
    const now = await onFile(this.path, () => this.handle.stat({ bigint: true }));
    if (now.size !== this.stat.size || now.mtimeNs !== this.stat.mtimeNs) {
      throw changed(this.path);
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

/** Somebody wrote to a source. */
export function changed(path: string): Error {
  return fileRefused(path, "it changed while it was read; try again when nobody writes to it");
}

function notPlain(path: string): Error {
  return fileRefused(path, "it is no plain file; read it as a stream");
}
