import { availableParallelism } from "node:os";
import type { ByteQueue } from "../byte-queue.ts";
import { EnvelopeError, invalidInput } from "../errors.ts";
import { maxFrames, tooManyFrames } from "../message/write-message.ts";
import type { OpenSslAesGcmKey } from "../platform/node.ts";
import type { AesGcmKey } from "../platform/platform.ts";
import { untilAborted } from "./abort.ts";
import type { BatchShape, BatchSource, SourceBatch } from "./batch-source.ts";
import { fileFailed } from "./file-errors.ts";
import { defaultParallelFromBytes } from "./file-options.ts";
import { changed } from "./file-source.ts";
import {
  type FrameBatch,
  type FrameBatchResult,
  type FrameKey,
  finalFrameExtraBytes,
  sealedFrameBytes,
} from "./frame-batch.ts";
import type { FrameReport, FrameWorkerSetup, Slot } from "./frame-jobs.ts";
import { FrameWorkers } from "./frame-workers.ts";
import type { Transfer } from "./transfer.ts";

/** Frames above this go through the calling thread, one by one. */
const maxBatchedFrameBytes = 16 * 1024 * 1024;

/** Bytes of all slots at most, if two of them are not more. */
const maxSlotsBytes = 64 * 1024 * 1024;

/** Bytes of plaintext in a batch, or of one frame. */
const batchBytes = 1024 * 1024;

/** A thread for each of so many bytes. */
const bytesPerThread = 8 * 1024 * 1024;

const defaultMaxThreads = 4;
const maxThreads = 8;

/** The threads that the options allow. @throws EnvelopeError InvalidInput */
export function threadsOf({ threads }: { readonly threads?: number | undefined }): number {
  if (threads === undefined) return Math.min(availableParallelism(), defaultMaxThreads);
  if (Number.isSafeInteger(threads) && threads >= 1 && threads <= maxThreads) return threads;
  throw invalidInput(`threads is a whole number from 1 to ${maxThreads}.`);
}

/** Whether there is enough for threads, and in frames that they can share. @param queue what is still to come */
export async function isWorthThreads(transfer: Transfer, frameBytes: number, queue: ByteQueue): Promise<boolean> {
  const { parallelFromBytes = defaultParallelFromBytes } = transfer.options;
  if (frameBytes > maxBatchedFrameBytes) return false;
  if (transfer.source !== undefined) return transfer.source.byteLength >= parallelFromBytes;
  return await queue.fill(parallelFromBytes);
}

/** How many frames make a batch. */
function framesPerBatch(frameBytes: number): number {
  return Math.max(1, Math.floor(batchBytes / frameBytes));
}

/** What a worker thread needs of a message's key. */
export function frameKeyOf(
  messageKey: AesGcmKey,
  message: { readonly messageId: Uint8Array; readonly frameBytes: number; readonly version: 1 | 2 },
): FrameKey {
  const { messageId, frameBytes, version } = message;
  return { key: (messageKey as OpenSslAesGcmKey).keyObject, messageId, frameBytes, version };
}

/** A message's body that worker threads seal or open. */
export interface FramePipeline {
  readonly direction: "seal" | "open";
  readonly transfer: Transfer;
  /** At most. */
  readonly threads: number;
  readonly frameKey: FrameKey;
  /** @param shape how the source is to be cut */
  readonly batches: (shape: BatchShape) => BatchSource;
  /** Bytes that may be behind a message's last frame. */
  readonly footerBytes: number;
  /** Looks at each batch, in order, when it was sealed or opened. @returns whether it was the last */
  readonly finish: (batch: FinishedBatch) => Promise<boolean>;
}

/** A batch in its slot. */
export interface FinishedBatch {
  /** Where it begins in the source. */
  readonly position: number;
  readonly input: Uint8Array;
  readonly output: Uint8Array;
  readonly result: FrameBatchResult;
}

interface InFlight {
  readonly slot: number;
  readonly position: number;
  readonly inputBytes: number;
  readonly report: Promise<FrameReport>;
}

/** Bytes of a batch at both ends. */
interface PipelineShape extends BatchShape {
  readonly outputBytes: number;
  readonly slotInputBytes: number;
  readonly slotOutputBytes: number;
}

/**
 * Runs a body through worker threads, whose results are dealt with in order, so that the first error in the source is the
 * one that is told. Workers read and write files themselves. Memory: the slots, whatever the source's length.
 *
 * @throws EnvelopeError of the earliest batch that failed, FileRefused, FileFailed; the signal's reason
 */
export async function runFramePipeline(pipeline: FramePipeline): Promise<void> {
  const { transfer, finish } = pipeline;
  const shape = shapeOf(pipeline);
  const batches = pipeline.batches(shape);
  const targetBegin = transfer.bytesWritten;
  const { threads, slots } = provide(pipeline, shape);
  const free = slots.map((_, index) => index);
  const inFlight: InFlight[] = [];
  const workers = new FrameWorkers(setupOf(pipeline, slots), threads);
  const start = async (index: number, slot: number): Promise<InFlight | undefined> => {
    transfer.options.signal?.throwIfAborted();
    const next = await batches.next(new Uint8Array(slots[slot]!.input));
    if (next === undefined) return undefined;
    const batch = batchOf(pipeline, index, next);
    const { inputBytes, position } = next;
    const targetPosition = targetBegin + index * shape.outputBytes;
    const report = workers.run({ slot, batch, inputBytes, sourcePosition: position, targetPosition });
    // It is looked at in its turn.
    report.catch(() => undefined);
    return { slot, position, inputBytes, report };
  };
  try {
    for (let index = 0, ended = false; ; ) {
      for (; free.length > 0 && !ended; index++) {
        const started = await start(index, free.pop()!);
        if (started === undefined) ended = true;
        else inFlight.push(started);
      }
      const { slot, position, inputBytes, report } = inFlight.shift()!;
      const result = resultOf(await untilAborted(report, transfer.options.signal), transfer);
      const input = new Uint8Array(slots[slot]!.input, 0, inputBytes);
      const output = new Uint8Array(slots[slot]!.output, 0, result.outputBytes);
      if (await finish({ position, input, output, result })) return;
      free.push(slot);
    }
  } finally {
    await workers.close();
  }
}

function shapeOf({ direction, frameKey: { frameBytes }, footerBytes }: FramePipeline): PipelineShape {
  const frames = framesPerBatch(frameBytes);
  const [plainBytes, sealedBytes] = [frames * frameBytes, frames * sealedFrameBytes(frameBytes)];
  if (direction === "seal") {
    return {
      batchBytes: plainBytes,
      overlapBytes: 0,
      outputBytes: sealedBytes,
      slotInputBytes: plainBytes,
      slotOutputBytes: sealedBytes + finalFrameExtraBytes,
    };
  }
  // A byte more shows whether there is anything behind the end.
  const overlapBytes = finalFrameExtraBytes + footerBytes + 1;
  return {
    batchBytes: sealedBytes,
    overlapBytes,
    outputBytes: plainBytes,
    slotInputBytes: sealedBytes + overlapBytes,
    slotOutputBytes: plainBytes + overlapBytes,
  };
}

/** As many threads as the source is worth, and slots for each to have its next batch waiting, within bounds. */
function provide(
  { threads: wanted, transfer }: FramePipeline,
  { slotInputBytes, slotOutputBytes }: PipelineShape,
): { threads: number; slots: readonly Slot[] } {
  const worth = Math.ceil((transfer.source?.byteLength ?? Number.POSITIVE_INFINITY) / bytesPerThread);
  const room = Math.max(2, Math.floor(maxSlotsBytes / (slotInputBytes + slotOutputBytes)));
  const threads = Math.max(1, Math.min(wanted, worth, room));
  const newSlot = () => ({
    input: new SharedArrayBuffer(slotInputBytes),
    output: new SharedArrayBuffer(slotOutputBytes),
  });
  return { threads, slots: Array.from({ length: Math.min(threads * 2 + 2, room) }, newSlot) };
}

function setupOf({ direction, frameKey, transfer }: FramePipeline, slots: readonly Slot[]): FrameWorkerSetup {
  return { direction, frameKey, slots, sourceFd: transfer.source?.handle.fd, targetFd: transfer.target?.handle.fd };
}

function batchOf({ direction, frameKey }: FramePipeline, index: number, { position, last }: SourceBatch): FrameBatch {
  const frames = framesPerBatch(frameKey.frameBytes);
  const sequence = index * frames + 1;
  if (direction === "seal" && sequence + frames - 1 > maxFrames) throw tooManyFrames();
  return { sequence, frames: last ? Number.MAX_SAFE_INTEGER : frames, last, offset: position };
}

function resultOf(report: FrameReport, { source, target }: Transfer): FrameBatchResult {
  if ("result" in report) return report.result;
  if ("short" in report) throw changed(source!.path);
  if ("refused" in report) throw new EnvelopeError(report.refused.code, report.refused.message, report.refused);
  const { end, code, message } = report.failed;
  // As it was in the worker.
  const cause = Object.assign(new Error(message), { code, syscall: end === "source" ? "read" : "write" });
  throw fileFailed((end === "source" ? source : target)!.path, cause);
}
