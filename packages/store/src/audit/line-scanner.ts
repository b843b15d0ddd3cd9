import type { FileHandle } from "node:fs/promises";
import { maxLineBytes } from "./audit-chain.ts";

/** What one read takes when lines are read in order. */
const sequentialBytes = 256 * 1024;
const lineFeed = 0x0a;

/**
 * Reads a file's lines in order with one buffer, however long the file. `next` is synchronous and gives the lines that
 * are in the buffer; when it has none left, `fill` reads on:
 *
 *     while (await scanner.fill()) for (let line = scanner.next(); line; line = scanner.next()) ...
 */
export class LineScanner {
  readonly #handle: FileHandle;
  readonly #endBytes: number;
  #buffer: Buffer;
  #start = 0;
  #end = 0;
  #position: number;

  /** Reads from `startBytes` up to `endBytes`, or the file's end if that comes first, `chunkBytes` at a time. */
  constructor(handle: FileHandle, startBytes = 0, endBytes = Number.POSITIVE_INFINITY, chunkBytes = sequentialBytes) {
    this.#handle = handle;
    this.#buffer = Buffer.allocUnsafeSlow(chunkBytes);
    this.#position = startBytes;
    this.#endBytes = endBytes;
  }

  /** The next line without its line feed, valid until the next `fill`; undefined when more must be read first. */
  next(): Buffer | undefined {
    const at = this.#buffer.subarray(0, this.#end).indexOf(lineFeed, this.#start);
    if (at === -1) return undefined;
    const line = this.#buffer.subarray(this.#start, at);
    this.#start = at + 1;
    return line;
  }

  /** Reads more. @returns false at the end, and when a line is longer than any that the log writes */
  async fill(): Promise<boolean> {
    this.#buffer.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    if (this.#end > maxLineBytes) return false;
    if (this.#end === this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(this.#buffer.length * 2);
      this.#buffer.copy(larger, 0, 0, this.#end);
      this.#buffer = larger;
    }
    const wanted = Math.min(this.#buffer.length - this.#end, this.#endBytes - this.#position);
    if (wanted <= 0) return false;
    const { bytesRead } = await this.#handle.read(this.#buffer, this.#end, wanted, this.#position);
    this.#end += bytesRead;
    this.#position += bytesRead;
    return bytesRead > 0;
  }

  /** Where in the file the line that `next` would give starts, in bytes. */
  get lineAt(): number {
    return this.#position - (this.#end - this.#start);
  }

  /** The bytes after the last line feed, once `fill` has returned false. */
  rest(): Buffer {
    return this.#buffer.subarray(this.#start, this.#end);
  }
}
