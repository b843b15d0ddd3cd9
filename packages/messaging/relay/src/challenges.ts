import { randomBytesPooled } from "@coffer/crypto";
import { RelayRefusal } from "./problem.ts";

const challengeBytes = 32;

/** Challenges that were given out and not yet answered. They end with the process: whoever had one asks again. */
export class Challenges {
  readonly #open = new Map<string, { readonly address: string; readonly expiresAtMs: number }>();
  readonly #nowMs: () => number;
  readonly #keptMs: number;
  readonly #most: number;

  constructor(nowMs: () => number, keptMs: number, most: number) {
    this.#nowMs = nowMs;
    this.#keptMs = keptMs;
    this.#most = most;
  }

  /** A new challenge for an address: base64 of 32 random bytes. */
  issue(address: string): string {
    const now = this.#nowMs();
    // They are kept in the order in which they end.
    for (const [challenge, { expiresAtMs }] of this.#open) {
      if (expiresAtMs > now && this.#open.size < this.#most) break;
      this.#open.delete(challenge);
    }
    const challenge = randomBytesPooled(challengeBytes).toString("base64");
    this.#open.set(challenge, { address, expiresAtMs: now + this.#keptMs });
    return challenge;
  }

  /** Uses a challenge up. @throws RelayRefusal Unauthenticated when it is not this address's, was used or has ended */
  use(challenge: string, address: string): void {
    const found = this.#open.get(challenge);
    this.#open.delete(challenge);
    if (found === undefined || found.address !== address || found.expiresAtMs <= this.#nowMs()) {
      throw new RelayRefusal("Unauthenticated", "The challenge is unknown or has ended: ask for another.");
    }
  }
}
