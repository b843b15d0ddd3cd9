import type { KeyRecord } from "../model/key.ts";

const firstWaitMs = 5_000;
const maxWaitMs = 600_000;

interface Failure {
  readonly revision: number;
  readonly count: number;
  readonly untilMs: number;
}

/** When to try keys again that could not be handled: after 5 seconds at first, then twice as long each time. */
export class RetryPlan {
  #failures = new Map<string, Failure>();

  /** How many keys wait. */
  get size(): number {
    return this.#failures.size;
  }

  /** Those of the due keys that may be tried now. A key that changed since its failure may; what is not due is forgotten. */
  select(due: readonly KeyRecord[], nowMs: number): readonly KeyRecord[] {
    const waiting = new Map<string, Failure>();
    const ready = due.filter((record) => {
      const name = nameOf(record);
      const failure = this.#failures.get(name);
      if (failure === undefined) return true;
      waiting.set(name, failure);
      return failure.revision !== record.revision || failure.untilMs <= nowMs;
    });
    this.#failures = waiting;
    return ready;
  }

  /** @returns how often it failed in a row */
  failed(record: KeyRecord, nowMs: number): number {
    const name = nameOf(record);
    const count = (this.#failures.get(name)?.count ?? 0) + 1;
    const waitMs = Math.min(maxWaitMs, firstWaitMs * 2 ** (count - 1));
    this.#failures.set(name, { revision: record.revision, count, untilMs: nowMs + waitMs });
    return count;
  }

  succeeded(record: KeyRecord): void {
    this.#failures.delete(nameOf(record));
  }
}

function nameOf({ region, keyId }: KeyRecord): string {
  return `${region}/${keyId}`;
}
