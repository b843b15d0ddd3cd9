import { AuditDeviceError } from "@coffer/service";

/** More than this waiting means that the device does not keep up; a line more is refused rather than kept. */
export const maxWaitingBytes = 16 * 1024 * 1024;

interface Waiting {
  readonly line: string;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** Writes lines in order, those that wait together in one call. */
export class LineQueue {
  readonly #writeAll: (text: string) => Promise<void>;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #running: Promise<void> | undefined;

  /** @param writeAll writes all of a text, or throws */
  constructor(writeAll: (text: string) => Promise<void>) {
    this.#writeAll = writeAll;
  }

  /** @throws AuditDeviceError when too much waits, and whatever `writeAll` throws */
  write(line: string): Promise<void> {
    if (this.#waitingBytes + line.length > maxWaitingBytes) {
      return Promise.reject(new AuditDeviceError("the audit device does not keep up"));
    }
    this.#waitingBytes += line.length;
    return new Promise((done, failed) => {
      this.#waiting.push({ line, done, failed });
      this.#running ??= this.#run();
    });
  }

  /** Waits until nothing is left to write. */
  async drain(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Requests of the same turn of the event loop go out together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      try {
        await this.#writeAll(batch.map(({ line }) => line).join(""));
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.#running = undefined;
  }
}
