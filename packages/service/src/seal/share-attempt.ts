import { randomId, SecretBytes } from "@coffer/crypto";
import { ServiceError } from "../errors.ts";
import type { Keyring } from "../keyring/keyring.ts";
import type { ShareProgress } from "./share-progress.ts";

/** What the original says when something is wrong with a share of this attempt. */
export interface AttemptWords {
  /** What the nonce is for, such as `rekey operation`. */
  readonly purpose: string;
  /** What the shares are for, such as `root key`. */
  readonly key: string;
}

/** @throws ServiceError InvalidInput with a sentence in the original's words */
export function refuseAttempt(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** A quorum that is being collected to allow one thing, under a name that every share has to come with. */
export class ShareAttempt {
  readonly progress: ShareProgress;
  readonly #words: AttemptWords;
  #nonce = randomId();

  constructor(progress: ShareProgress, words: AttemptWords) {
    this.progress = progress;
    this.#words = words;
  }

  get nonce(): string {
    return this.#nonce;
  }

  /** @throws ServiceError InvalidInput */
  checkNonce(nonce: string): void {
    if (nonce === this.#nonce) return;
    refuseAttempt(`incorrect nonce supplied; nonce for this ${this.#words.purpose} is "${this.#nonce}"`);
  }

  /**
   * Takes one share, which it wipes.
   *
   * @throws ServiceError InvalidInput for a share that came already, or is none of these; the others stay
   * @returns whether the quorum is complete
   */
  add(share: Uint8Array): boolean {
    const outcome = this.progress.add(SecretBytes.takeFrom(share));
    if (outcome === "repeated") refuseAttempt("given key has already been provided during this generation operation");
    if (outcome === "foreign") refuseAttempt("invalid key: it is none of these shares");
    return this.progress.isComplete;
  }

  /**
   * Lends out the root key that the shares opened, if it is this instance's: what is stored may have been put there by
   * somebody who has shares for it. The shares are forgotten.
   *
   * @throws ServiceError InvalidInput
   */
  async open<T>(keyring: Keyring, use: (rootKey: SecretBytes) => Promise<T>): Promise<T> {
    using rootKey = await this.progress.open();
    if (rootKey === undefined || !keyring.isRootKey(rootKey)) refuseAttempt(`${this.#words.key} verification failed`);
    return await use(rootKey);
  }

  /** Forgets the shares, and has another name from now on. */
  restart(): void {
    this.progress.reset();
    this.#nonce = randomId();
  }
}
