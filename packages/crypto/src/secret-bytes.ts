import { createSecretKey, type KeyObject, randomFillSync, timingSafeEqual } from "node:crypto";
import { inspect } from "node:util";
import { invariant } from "./invariant.ts";
import { allocateSecretBuffer } from "./secret-buffer.ts";

const redacted = "[redacted]";

/**
 * Secret bytes with an owner and an end. They show in no string, JSON or inspection; they leave through a scoped `use`,
 * as a `KeyObject`, or as a copy from `@coffer/crypto/hazmat`. Whoever makes one disposes of it (`using` does).
 *
 * Limits: JavaScript strings that a secret came from cannot be wiped, and neither can pages that the system swapped out.
 */
export class SecretBytes {
  // Of its own: never from Buffer's shared pool, where a view would reach its neighbours through `.buffer`.
  readonly #bytes: Buffer;
  #pendingUses = 0;
  #disposed = false;

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Copies `bytes` in and fills the source with zeros. */
  static takeFrom(bytes: Uint8Array): SecretBytes {
    const owned = allocateSecretBuffer(bytes.length);
    owned.set(bytes);
    bytes.fill(0);
    return new SecretBytes(owned);
  }

  /** New random bytes from the system's generator, never from the nonce pool. */
  static random(byteLength: number): SecretBytes {
    invariant(Number.isSafeInteger(byteLength) && byteLength > 0, "a random secret has at least one byte");
    return new SecretBytes(randomFillSync(allocateSecretBuffer(byteLength)));
  }

  get byteLength(): number {
    return this.#bytes.length;
  }

  /**
   * Calls `fn` with the bytes themselves, not a copy. They are valid until `fn` returns or, when it returns a promise,
   * until that settles: a disposal in between wipes them then. `fn` must neither keep nor change nor return them.
   *
   * @throws CryptoInvariantError after disposal, or when `fn` returns the bytes or a view on them
   */
  use<T>(fn: (bytes: Buffer) => T): T {
    invariant(!this.#disposed, "a secret is not used after its disposal");
    this.#pendingUses++;
    let asynchronous = false;
    try {
      const result = fn(this.#bytes);
      invariant(
        !ArrayBuffer.isView(result) || result.buffer !== this.#bytes.buffer,
        "a secret's bytes stay in its scope",
      );
      if (isThenable(result)) {
        asynchronous = true;
        const release = () => this.#release();
        result.then(release, release);
      }
      return result;
    } finally {
      if (!asynchronous) this.#release();
    }
  }

  /** The bytes as a symmetric secret `KeyObject`, which has a copy of its own and outlives this object. */
  toKeyObject(): KeyObject {
    return this.use((bytes) => createSecretKey(bytes));
  }

  /** Whether both hold the same bytes, in constant time for equal lengths. The length is not a secret. */
  equals(other: SecretBytes): boolean {
    return this.use((mine) => other.use((theirs) => mine.length === theirs.length && timingSafeEqual(mine, theirs)));
  }

  /** Fills the bytes with zeros, at once or when the last pending `use` ends. Further calls do nothing. */
  dispose(): void {
    this.#disposed = true;
    if (this.#pendingUses === 0) this.#bytes.fill(0);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toJSON(): string {
    return redacted;
  }

  toString(): string {
    return redacted;
  }

  [inspect.custom](): string {
    return redacted;
  }

  #release(): void {
    this.#pendingUses--;
    if (this.#disposed && this.#pendingUses === 0) this.#bytes.fill(0);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
