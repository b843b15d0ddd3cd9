/** Reads one structure from its first byte to its last. Every method returns undefined where there is too little. */
export class ByteReader {
  readonly bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** How many bytes were read. */
  get offset(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at === this.bytes.length;
  }

  take(length: number): Uint8Array | undefined {
    if (length > this.bytes.length - this.#at) return undefined;
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  /** A big-endian number of 1 to 6 bytes. */
  number(length: number): number | undefined {
    return this.take(length)?.reduce((value, byte) => value * 256 + byte, 0);
  }

  /** Bytes with their length before them, as a number of `lengthBytes`. */
  prefixed(lengthBytes: number): Uint8Array | undefined {
    const length = this.number(lengthBytes);
    return length === undefined ? undefined : this.take(length);
  }
}
