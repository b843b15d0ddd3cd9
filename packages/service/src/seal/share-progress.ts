import { randomId, type SecretBytes } from "@coffer/crypto";
import type { SealedRootKey } from "../ports/seal.ts";
import type { Quorum, ShareSeal } from "../ports/share-seal.ts";

/**
 * What became of a share: it counts; it counts already; it is none of this seal's, and the others stay.
 */
export type ShareOutcome = "added" | "repeated" | "foreign";

/** Shares on their way to a quorum. They are in memory only, and wiped when it is reached or given up. */
export class ShareProgress {
  readonly quorum: Quorum;
  readonly #seal: ShareSeal;
  readonly #sealed: SealedRootKey;
  readonly #shares: SecretBytes[] = [];
  #nonce = "";

  /** @param quorum of `sealed` */
  constructor(seal: ShareSeal, sealed: SealedRootKey, quorum: Quorum) {
    this.#seal = seal;
    this.#sealed = sealed;
    this.quorum = quorum;
  }

  /** How many different shares have come. */
  get given(): number {
    return this.#shares.length;
  }

  /** Names this round of shares, so that their holders see when somebody began anew; empty before the first. */
  get nonce(): string {
    return this.#nonce;
  }

  get isComplete(): boolean {
    return this.#shares.length >= this.quorum.threshold;
  }

  /** Takes a share over, and disposes of one that does not count. */
  add(share: SecretBytes): ShareOutcome {
    // Told at once: the original finds out with the last share, and then all have to come again.
    const outcome = this.#judge(share);
    if (outcome === "added") {
      if (this.#nonce === "") this.#nonce = randomId();
      this.#shares.push(share);
    } else share.dispose();
    return outcome;
  }

  /**
   * Opens the root key with the shares, and forgets them.
   *
   * @returns undefined when they do not open it; the caller disposes of the root key
   */
  async open(): Promise<SecretBytes | undefined> {
    // At once: a share that comes meanwhile is the first of another round.
    const shares = this.#shares.splice(0);
    this.reset();
    try {
      return await this.#seal.unseal(this.#sealed, shares);
    } finally {
      for (const share of shares) share.dispose();
    }
  }

  /** Forgets the shares. */
  reset(): void {
    for (const share of this.#shares.splice(0)) share.dispose();
    this.#nonce = "";
  }

  #judge(share: SecretBytes): ShareOutcome {
    if (!this.#seal.isShareOf(this.#sealed, share)) return "foreign";
    return this.#shares.some((given) => given.equals(share)) ? "repeated" : "added";
  }
}

/** Begins to collect the shares of a sealed root key; undefined when it was not sealed with shares. */
export function collectShares(seal: ShareSeal, sealed: SealedRootKey): ShareProgress | undefined {
  const quorum = seal.quorumOf(sealed);
  return quorum === undefined ? undefined : new ShareProgress(seal, sealed, quorum);
}
