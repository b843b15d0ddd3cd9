import nodeModule from "node:module";
import { dirname } from "node:path";
import { Worker } from "node:worker_threads";
import type { FrameJob, FrameReport, FrameWorkerSetup } from "./frame-jobs.ts";

/** In the published package it is JavaScript, as this is. */
const program = new URL(import.meta.url.endsWith(".ts") ? "./frame-worker.ts" : "./frame-worker.js", import.meta.url);

const workerOptions = {
  name: "frames",
  execArgv: [],
  trackUnmanagedFds: false,
  // Of JavaScript's objects: what it works on is in the slots.
  resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 },
};

/** A thread takes compiled code from where its process has it: that halves its start and its memory. */
function workerEnvironment(): Record<string, string> {
  // Node before 22.8 has none.
  const directory = nodeModule.getCompileCacheDir?.();
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: dirname(directory) };
}

interface Waiting {
  readonly resolve: (report: FrameReport) => void;
  readonly reject: (error: unknown) => void;
}

/** Threads that seal or open batches. */
export class FrameWorkers {
  readonly #workers: { readonly thread: Worker; jobs: number }[];
  readonly #waiting = new Map<number, Waiting>();
  #failure: unknown;
  #closed = false;

  constructor(setup: FrameWorkerSetup, threads: number) {
    this.#workers = Array.from({ length: threads }, () => this.#start(setup));
  }

  /** Gives a job to the thread that has the fewest. Its slot is free again when the report was dealt with. */
  run(job: FrameJob): Promise<FrameReport> {
    const least = this.#workers.reduce((a, b) => (b.jobs < a.jobs ? b : a));
    const reported = new Promise<FrameReport>((resolve, reject) => {
      if (this.#failure !== undefined) reject(this.#failure);
      this.#waiting.set(job.slot, { resolve, reject });
    });
    least.jobs++;
    least.thread.postMessage(job);
    return reported;
  }

  /** Ends the threads; resolves when they use neither memory nor files any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#workers.map(({ thread }) => thread.terminate()));
  }

  #start(workerData: FrameWorkerSetup): { thread: Worker; jobs: number } {
    const thread = new Worker(program, { workerData, env: workerEnvironment(), ...workerOptions });
    const worker = { thread, jobs: 0 };
    thread.on("message", (report: FrameReport) => {
      worker.jobs--;
      const waiting = this.#waiting.get(report.slot);
      this.#waiting.delete(report.slot);
      waiting?.resolve(report);
    });
    thread.on("error", (error) => this.#fail(error));
    thread.on("exit", (code) => this.#fail(new Error(`A worker thread ended (exit code ${code}).`)));
    return worker;
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
