/** The port for time. Tests inject one that they move by hand. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /**
   * Calls `wake` once, about `delayMs` from now; returns what cancels it. A pending wake does not keep the process alive.
   */
  schedule(delayMs: number, wake: () => void): () => void;
}
