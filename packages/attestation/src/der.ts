import { AttestationError, demand } from "./attestation-error.ts";

const malformed = "A certificate of the attestation document is malformed.";

/** One element of DER. */
export interface DerElement {
  /** The identifier octet; tags above 30 do not occur in what we read. */
  readonly tag: number;
  readonly content: Uint8Array;
  /** With tag and length. */
  readonly whole: Uint8Array;
}

export const derTags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  sequence: 0x30,
} as const;

/** Reads elements one after the other (ITU-T X.690, DER). Every method throws AttestationError for what is no DER. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#offset === this.#bytes.byteLength;
  }

  /** The next element, whatever it is. */
  next(): DerElement {
    const start = this.#offset;
    const tag = this.#byte();
    demand((tag & 0x1f) !== 0x1f, malformed);
    let length = this.#byte();
    if (length >= 0x80) {
      const lengthBytes = length & 0x7f;
      demand(lengthBytes === 1 || lengthBytes === 2, malformed);
      length = this.#byte();
      if (lengthBytes === 2) length = length * 256 + this.#byte();
      demand(length >= (lengthBytes === 1 ? 0x80 : 0x100), malformed);
    }
    const from = this.#offset;
    const end = from + length;
    demand(end <= this.#bytes.byteLength, malformed);
    this.#offset = end;
    return { tag, content: this.#bytes.subarray(from, end), whole: this.#bytes.subarray(start, end) };
  }

  /** The next element, which must have this tag. */
  take(tag: number): DerElement {
    const element = this.next();
    demand(element.tag === tag, malformed);
    return element;
  }

  /** The next element if it has this tag; else undefined, and it stays. */
  optional(tag: number): DerElement | undefined {
    return this.#bytes[this.#offset] === tag ? this.next() : undefined;
  }

  end(): void {
    demand(this.isAtEnd, malformed);
  }

  #byte(): number {
    const byte = this.#bytes[this.#offset];
    if (byte === undefined) throw new AttestationError(malformed);
    this.#offset += 1;
    return byte;
  }
}

/** A DER element of content that is given in parts. */
export function encodeDer(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const length = content.byteLength;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...head), content]);
}
