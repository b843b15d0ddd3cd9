import { invalidInput } from "./errors.ts";

/** Chunks of bytes, as streams and files give them. A chunk's memory is not used again by its source. */
export type ChunkSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Chunks below this that have to wait are put together, so that a million of them cost little more than their bytes. */
const smallChunkBytes = 4096;
const roomBytes = 65_536;

/** Whether it is what it says, of whatever realm. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Uint8Array]";
}

/** Bytes that come in chunks of any size and are taken in pieces of given sizes. */
export class ByteQueue {
  readonly #chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  #waiting: Uint8Array[] = [];
  /** Where in `#waiting` the first chunk is: taking one moves no others. */
  #head = 0;
  /** Memory of ours for small chunks. */
  #room = new Uint8Array(0);
  #available = 0;
  #taken = 0;
  #ended = false;

  /** @param offset where the source's first byte stands in the whole. @throws EnvelopeError InvalidInput */
  constructor(source: ChunkSource, offset = 0) {
    this.#chunks = iteratorOf(source);
    this.#taken = offset;
  }

  /** Where the next byte stands in the whole. */
  get offset(): number {
    return this.#taken;
  }

  /** How many bytes are here. */
  get available(): number {
    return this.#available;
  }

  /** Waits until there are so many bytes, or no more come. @returns whether there are */
  async fill(byteLength: number): Promise<boolean> {
    while (this.#available < byteLength && !this.#ended) await this.#pull();
    return this.#available >= byteLength;
  }

  /** Takes bytes that are there. They may share memory with the chunk that they came in. */
  take(byteLength: number): Uint8Array {
    const bytes = this.peek(byteLength);
    this.#available -= byteLength;
    this.#taken += byteLength;
    const first = this.#waiting[this.#head];
    if (first !== undefined && byteLength > 0) {
      this.#waiting[this.#head] = first.subarray(byteLength);
      if (first.length === byteLength) this.#dropFirst();
    }
    return bytes;
  }

  /** Takes as many of the bytes that are there as lie together, and no more than so many. */
  takeSome(maxBytes: number): Uint8Array {
    return this.take(Math.min(this.#waiting[this.#head]?.length ?? 0, maxBytes));
  }

  /** What is still to come, in the chunks that it comes in. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    while (await this.fill(1)) yield this.takeSome(this.#available);
  }

  /** As `take`, and the bytes stay. */
  peek(byteLength: number): Uint8Array {
    const first = this.#waiting[this.#head] ?? new Uint8Array(0);
    return first.length >= byteLength ? first.subarray(0, byteLength) : this.#joinFirst(byteLength);
  }

  /** Says to the source that nothing more is read. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#chunks.return?.();
  }

  /** Makes one chunk of those that hold the first bytes; what is behind them stays where it is. */
  #joinFirst(byteLength: number): Uint8Array {
    const joined = new Uint8Array(byteLength);
    let length = 0;
    while (length < byteLength) {
      const part = this.#waiting[this.#head]!;
      const used = part.subarray(0, byteLength - length);
      joined.set(used, length);
      length += used.length;
      if (used.length === part.length) this.#dropFirst();
      else this.#waiting[this.#head] = part.subarray(used.length);
    }
    if (this.#head > 0) this.#waiting[--this.#head] = joined;
    else this.#waiting.unshift(joined);
    return joined;
  }

  #dropFirst(): void {
    this.#head++;
    if (this.#head < this.#waiting.length && (this.#head < 1024 || this.#head * 2 < this.#waiting.length)) return;
    this.#waiting = this.#waiting.slice(this.#head);
    this.#head = 0;
  }

  async #pull(): Promise<void> {
    const next = await this.#chunks.next();
    if (next.done) this.#ended = true;
    else if (isBytes(next.value)) this.#push(next.value);
    else
      throw invalidInput("A chunk is not a Uint8Array: give bytes, of text its UTF-8, of base64 what it stands for.");
  }

  #push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#available += chunk.length;
    const last = this.#waiting.at(-1);
    if (last === undefined || chunk.length >= smallChunkBytes) {
      this.#waiting.push(chunk);
      return;
    }
    if (this.#room.length < chunk.length) this.#room = new Uint8Array(roomBytes);
    this.#room.set(chunk);
    const { buffer, byteOffset } = this.#room;
    this.#room = this.#room.subarray(chunk.length);
    const follows = last.buffer === buffer && last.byteOffset + last.length === byteOffset;
    if (follows)
      this.#waiting[this.#waiting.length - 1] = new Uint8Array(buffer, last.byteOffset, last.length + chunk.length);
    else this.#waiting.push(new Uint8Array(buffer, byteOffset, chunk.length));
  }
}

function iteratorOf(source: ChunkSource): AsyncIterator<Uint8Array> | Iterator<Uint8Array> {
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
  return source[Symbol.iterator]();
}
