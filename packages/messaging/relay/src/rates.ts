import { RelayRefusal } from "./problem.ts";

interface Bucket {
  tokens: number;
  atMs: number;
}

const minuteMs = 60_000;
const maxBuckets = 100_000;

/** Counts requests by caller: a bucket that fills up evenly, a minute's worth at most. */
export class Rates {
  readonly #nowMs: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Takes from a bucket. @throws RelayRefusal Throttled when it is empty */
  take(name: string, perMinute: number, count = 1): void {
    const now = this.#nowMs();
    const bucket = this.#buckets.get(name) ?? { tokens: perMinute, atMs: now };
    const refilled = bucket.tokens + (Math.max(0, now - bucket.atMs) * perMinute) / minuteMs;
    const tokens = Math.min(perMinute, refilled) - count;
    // The one that was used longest ago is last to matter.
    this.#buckets.delete(name);
    this.#buckets.set(name, { tokens: Math.max(tokens, 0), atMs: now });
    if (tokens < 0) {
      if (tokens + count > 0) this.#buckets.set(name, { tokens: tokens + count, atMs: now });
      const seconds = Math.ceil((-tokens * minuteMs) / perMinute / 1000);
      throw new RelayRefusal("Throttled", `Too many requests: try again in ${seconds} s.`, {}, Math.max(1, seconds));
    }
    if (this.#buckets.size > maxBuckets) this.#buckets.delete(this.#buckets.keys().next().value!);
  }
}
