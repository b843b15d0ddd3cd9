import type { AuditHead, ChainEncoder } from "./audit-chain.ts";
import { maxChainMemberBytes } from "./audit-chain.ts";

const firstBufferBytes = 64 * 1024;
/** A buffer that grew beyond this is not kept for the next batch. */
const keptBufferBytes = 1024 * 1024;

/** Lines that are written and synced together; their appends share one promise. */
export class RecordBatch {
  /** The newest record in it, or what the batch follows while it is empty. */
  head: AuditHead;
  records = 0;
  readonly written: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  #buffer: Buffer;
  #length = 0;

  /** @param buffer one that `release` gave, to use again */
  constructor(head: AuditHead, buffer: Buffer | undefined) {
    this.head = head;
    this.#buffer = buffer ?? Buffer.allocUnsafeSlow(firstBufferBytes);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.written = promise;
    this.resolve = resolve;
    this.reject = reject;
  }

  /** Adds the event that `encoder` holds, `eventBytes` long, as the chain's next record. */
  add(encoder: ChainEncoder, eventBytes: number): void {
    this.#reserve(eventBytes + maxChainMemberBytes);
    const previous = this.head.hash;
    const sequence = this.head.sequence + 1;
    this.head = { sequence, hash: encoder.hash(previous, sequence) };
    this.#length += encoder.writeLine(this.#buffer, this.#length, previous, this.head);
    this.records++;
  }

  get bytes(): number {
    return this.#length;
  }

  /** The lines, in the batch's own buffer. */
  lines(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Gives the buffer up for another batch; undefined when it grew too large to keep. */
  release(): Buffer | undefined {
    return this.#buffer.length <= keptBufferBytes ? this.#buffer : undefined;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
