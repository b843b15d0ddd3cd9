import { EnvelopeError } from "./errors.ts";

/**
 * The bytes of a plaintext data key, with an end: `dispose` fills them with zeros. They show in no string, JSON or
 * inspection. What JavaScript cannot promise (copies by the garbage collector, pages swapped out) SECURITY.md says.
 */
export class PlaintextDataKey {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #disposed = false;

  private constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  /** Copies the bytes in and fills their source with zeros. */
  static takeFrom(bytes: Uint8Array): PlaintextDataKey {
    const key = new PlaintextDataKey(Uint8Array.from(bytes));
    bytes.fill(0);
    return key;
  }

  get byteLength(): number {
    return this.#bytes.length;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /** A key of its own, with an end of its own. */
  clone(): PlaintextDataKey {
    return this.use((bytes) => new PlaintextDataKey(Uint8Array.from(bytes)));
  }

  /**
   * Calls `fn` with the bytes themselves. It neither keeps nor changes them; a promise that it returns is awaited by the
   * caller before the key is disposed of.
   *
   * @throws EnvelopeError InvalidInput after disposal
   */
  use<T>(fn: (bytes: Uint8Array<ArrayBuffer>) => T): T {
    if (this.#disposed)
      throw new EnvelopeError("InvalidInput", "This data key was disposed of; make or unwrap it anew.");
    return fn(this.#bytes);
  }

  /** Fills the bytes with zeros. Further calls do nothing. */
  dispose(): void {
    this.#disposed = true;
    this.#bytes.fill(0);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toJSON(): string {
    return "[redacted]";
  }

  toString(): string {
    return "[redacted]";
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "PlaintextDataKey [redacted]";
  }
}
