import type { EnvelopeErrorCode } from "../errors.ts";
import type { FrameBatch, FrameBatchResult, FrameKey } from "./frame-batch.ts";

/** Memory that a batch goes through, shared by the threads. A job has it alone until its report was dealt with. */
export interface Slot {
  readonly input: SharedArrayBuffer;
  readonly output: SharedArrayBuffer;
}

/** What a worker thread is told when it starts. */
export interface FrameWorkerSetup {
  readonly direction: "seal" | "open";
  readonly frameKey: FrameKey;
  readonly slots: readonly Slot[];
  /** Files that the worker reads and writes itself; those of streams come and go through the slots. */
  readonly sourceFd: number | undefined;
  readonly targetFd: number | undefined;
}

/** One batch to be sealed or opened. */
export interface FrameJob {
  readonly slot: number;
  readonly batch: FrameBatch;
  /** Bytes of the input, in the slot or the source file. */
  readonly inputBytes: number;
  /** Where the input stands in the source file. */
  readonly sourcePosition: number;
  /** Where the output belongs in the target file. */
  readonly targetPosition: number;
}

/** What a worker says of a job. Errors lose their classes between threads. */
export type FrameReport = { readonly slot: number } & (
  | { readonly result: FrameBatchResult }
  | { readonly refused: { readonly code: EnvelopeErrorCode; readonly message: string; readonly offset?: number } }
  | { readonly failed: { readonly end: "source" | "target"; readonly code: string; readonly message: string } }
  /** The source file has fewer bytes than it had. */
  | { readonly short: true }
);
