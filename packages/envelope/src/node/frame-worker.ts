import { readSync, writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { EnvelopeError } from "../errors.ts";
import { systemCodeOf } from "./file-errors.ts";
import { openBatch, sealBatch } from "./frame-batch.ts";
import type { FrameJob, FrameReport, FrameWorkerSetup } from "./frame-jobs.ts";

/*
 * A worker thread's program: seals or opens one batch after another. Files are read and written here, so that bytes do not
 * go from thread to thread. Calls block, as nothing else runs in this thread.
 */
const { direction, frameKey, slots, sourceFd, targetFd } = workerData as FrameWorkerSetup;
const run = { seal: sealBatch, open: openBatch }[direction];
const memory = slots.map(({ input, output }) => ({ input: new Uint8Array(input), output: new Uint8Array(output) }));

parentPort!.on("message", (job: FrameJob) => parentPort!.postMessage(report(job)));

function report({ slot, batch, inputBytes, sourcePosition, targetPosition }: FrameJob): FrameReport {
  const { input, output } = memory[slot]!;
  let end: "source" | "target" = "source";
  try {
    if (sourceFd !== undefined && !read(sourceFd, input.subarray(0, inputBytes), sourcePosition)) {
      return { slot, short: true };
    }
    end = "target";
    const result = run(frameKey, batch, input.subarray(0, inputBytes), output);
    if (targetFd !== undefined) write(targetFd, output.subarray(0, result.outputBytes), targetPosition);
    return { slot, result };
  } catch (error) {
    if (error instanceof EnvelopeError) {
      const { code, message, offset } = error;
      return { slot, refused: { code, message, ...(offset !== undefined && { offset }) } };
    }
    const code = systemCodeOf(error);
    if (code === undefined) throw error;
    return { slot, failed: { end, code, message: (error as Error).message } };
  }
}

/** @returns whether there were so many bytes */
function read(fd: number, target: Uint8Array, position: number): boolean {
  for (let done = 0; done < target.length; ) {
    const bytes = readSync(fd, target, done, target.length - done, position + done);
    if (bytes === 0) return false;
    done += bytes;
  }
  return true;
}

function write(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  }
}
