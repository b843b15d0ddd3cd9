import type { Clock } from "@coffer/service";

interface Wake {
  readonly atMs: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #nowMs: number;
  #wakes: Wake[] = [];

  /** @param startMs milliseconds since the epoch; 2026-01-01T00:00:00Z when absent */
  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, wake: () => void): () => void {
    const entry = { atMs: this.#nowMs + delayMs, wake };
    this.#wakes.push(entry);
    return () => {
      this.#wakes = this.#wakes.filter((candidate) => candidate !== entry);
    };
  }

  /** Moves the time, forward or back, without waking anybody. */
  set(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  /** Moves the time forward and calls every wake that fell due, earliest first. */
  advance(byMs: number): void {
    this.#nowMs += byMs;
    const due = this.#wakes.filter(({ atMs }) => atMs <= this.#nowMs).sort((a, b) => a.atMs - b.atMs);
    this.#wakes = this.#wakes.filter(({ atMs }) => atMs > this.#nowMs);
    for (const { wake } of due) wake();
  }
}
