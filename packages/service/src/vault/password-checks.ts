import { deriveKeyFromPassphrase, type PassphraseCost, SecretBytes } from "@coffer/crypto";
import { ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { Randomness } from "../ports/randomness.ts";

/** A password as it is kept: what Argon2id (RFC 9106) makes of it, and with which figures. */
export interface PasswordHash extends PassphraseCost {
  readonly algorithm: "argon2id";
  /** Base64. */
  readonly salt: string;
  /** Base64, 32 bytes. */
  readonly hash: string;
}

/** OWASP's figures for Argon2id (Password Storage Cheat Sheet): about 25 ms of one core, 19 MiB. */
const cost: PassphraseCost = { memoryKiB: 19_456, passes: 2, parallelism: 1 };
const saltBytes = 16;
/** Of Node's four threads: the others stay free for keys. */
const atOnce = 2;

/** What an unknown user's password is checked against, so that it takes as much work as a known one's. */
const nobodysPassword: PasswordHash = {
  algorithm: "argon2id",
  ...cost,
  salt: Buffer.alloc(saltBytes).toString("base64"),
  hash: Buffer.alloc(32).toString("base64"),
};

/** Hashes and checks passwords off the event loop, a few at a time: logins neither stall requests nor fill the memory. */
export class PasswordChecks {
  readonly #randomness: Randomness;
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  #derivations = 0;

  constructor(randomness: Randomness) {
    this.#randomness = randomness;
  }

  /** How many passwords were hashed so far, to make or to check one. */
  get derivations(): number {
    return this.#derivations;
  }

  /** @throws ServiceError Throttled when too many wait already */
  async hash(password: SecretBytes): Promise<PasswordHash> {
    const salt = this.#randomness.bytes(saltBytes);
    using derived = await this.#derive(password, { ...cost, salt });
    const hash = derived.use((bytes) => bytes.toString("base64"));
    return { algorithm: "argon2id", ...cost, salt: salt.toString("base64"), hash };
  }

  /**
   * Whether a password is the one that was hashed. Of an unknown user there is no hash: false, after the same work.
   *
   * @throws ServiceError Throttled when too many wait already
   */
  async isRight(password: SecretBytes, stored: PasswordHash | undefined): Promise<boolean> {
    const { salt, hash, memoryKiB, passes, parallelism } = stored ?? nobodysPassword;
    const params = { salt: Buffer.from(salt, "base64"), memoryKiB, passes, parallelism };
    using derived = await this.#derive(password, params);
    using expected = SecretBytes.takeFrom(Buffer.from(hash, "base64"));
    return derived.equals(expected) && stored !== undefined;
  }

  async #derive(password: SecretBytes, params: PassphraseCost & { readonly salt: Uint8Array }): Promise<SecretBytes> {
    await this.#turn();
    this.#derivations += 1;
    try {
      return await deriveKeyFromPassphrase(password, params);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  async #turn(): Promise<void> {
    if (this.#running < atOnce) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= limits.waitingPasswords.value) {
      throw ServiceError.of("Throttled", { reason: "too many logins at once: try again" });
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    await promise;
  }
}
