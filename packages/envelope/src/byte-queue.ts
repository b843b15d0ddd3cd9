import { concatBytes } from "./bytes.ts";

/** Chunks of bytes, as streams and files give them. */
export type ChunkSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Bytes that come in chunks of any size and are taken in pieces of given sizes. */
export class ByteQueue {
  readonly #chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  readonly #waiting: Uint8Array[] = [];
  #available = 0;
  #taken = 0;
  #ended = false;

  constructor(source: ChunkSource) {
    this.#chunks = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** How many bytes were taken: where the next one stands in the whole. */
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

  /** Waits for another chunk. @returns whether there was one */
  async fillMore(): Promise<boolean> {
    const before = this.#available;
    while (this.#available === before && !this.#ended) await this.#pull();
    return this.#available > before;
  }

  /** Takes bytes that are there. They may share memory with the chunk that they came in. */
  take(byteLength: number): Uint8Array {
    const bytes = this.peek(byteLength);
    this.#available -= byteLength;
    this.#taken += byteLength;
    const [first] = this.#waiting;
    if (first !== undefined) this.#waiting[0] = first.subarray(byteLength);
    if (this.#waiting[0]?.length === 0) this.#waiting.shift();
    return bytes;
  }

  /** As `take`, and the bytes stay. */
  peek(byteLength: number): Uint8Array {
    let first = this.#waiting[0] ?? new Uint8Array(0);
    if (first.length < byteLength) {
      const parts: Uint8Array[] = [];
      for (let length = 0; length < byteLength; length += parts.at(-1)!.length) parts.push(this.#waiting.shift()!);
      first = concatBytes(...parts);
      this.#waiting.unshift(first);
    }
    return first.subarray(0, byteLength);
  }

  /** Says to the source that nothing more is read. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#chunks.return?.();
  }

  async #pull(): Promise<void> {
    const next = await this.#chunks.next();
    if (next.done) {
      this.#ended = true;
    } else if (next.value.length > 0) {
      this.#waiting.push(next.value);
      this.#available += next.value.length;
    }
  }
}
