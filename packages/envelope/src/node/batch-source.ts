import type { ByteQueue } from "../byte-queue.ts";

/** How a source is cut into batches. */
export interface BatchShape {
  /** Bytes of a batch. */
  readonly batchBytes: number;
  /** Bytes behind a batch that go with it, because a message's end may reach into them; the next batch has them again. */
  readonly overlapBytes: number;
}

/** A piece of the source. */
export interface SourceBatch {
  /** Of the batch and what goes with it. */
  readonly inputBytes: number;
  /** Where it begins in the source. */
  readonly position: number;
  /** Whether nothing is behind it. */
  readonly last: boolean;
}

/** Where batches come from. */
export interface BatchSource {
  /** @param slot where the bytes of a stream go @returns undefined when there are no more */
  next(slot: Uint8Array): Promise<SourceBatch | undefined>;
}

/** Batches of a file of known length, which workers read themselves. */
export function fileBatches(begin: number, end: number, { batchBytes, overlapBytes }: BatchShape): BatchSource {
  let position = begin;
  let ended = false;
  return {
    next() {
      if (ended) return Promise.resolve(undefined);
      const rest = end - position;
      ended = rest <= batchBytes + overlapBytes;
      const batch = { inputBytes: Math.min(rest, batchBytes + overlapBytes), position, last: ended };
      position += batchBytes;
      return Promise.resolve(batch);
    },
  };
}

/** Batches of a stream, whose bytes are put into the slots. */
export function streamBatches(queue: ByteQueue, { batchBytes, overlapBytes }: BatchShape): BatchSource {
  const overlap = new Uint8Array(overlapBytes);
  let kept = 0;
  let position = queue.offset;
  let ended = false;
  return {
    async next(slot) {
      if (ended) return undefined;
      slot.set(overlap.subarray(0, kept));
      let filled = kept;
      const wanted = batchBytes + overlapBytes;
      while (filled < wanted && (await queue.fill(1))) {
        const piece = queue.takeSome(wanted - filled);
        slot.set(piece, filled);
        filled += piece.length;
      }
      ended = !(await queue.fill(1));
      kept = ended ? 0 : overlapBytes;
      overlap.set(slot.subarray(batchBytes, batchBytes + kept));
      const batch = { inputBytes: filled, position, last: ended };
      position += batchBytes;
      return batch;
    },
  };
}
