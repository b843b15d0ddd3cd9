import { AttestationError, demand } from "./attestation-error.ts";
import { documentLimits } from "./limits.ts";

/** What a document can hold. Integers are safe ones; byte strings share the input's memory. */
export type CborValue = number | string | null | Uint8Array | CborArray | CborMap;
export type CborArray = readonly CborValue[];
/** Keys are integers and texts. */
export type CborMap = ReadonlyMap<number | string, CborValue>;

const malformed = "The attestation document is not valid CBOR.";
const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const majorTypes = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5 } as const;
/** RFC 8949 section 3: a length that is not told ahead. */
const indefinite = 31;
const breakByte = 0xff;
const nullByte = 0xf6;

/**
 * Decodes one CBOR item that takes up all of `bytes` (RFC 8949), of the kinds that attestation documents have: integers,
 * byte and text strings of known length, arrays, maps and null. Everything else is refused: tags, floats, other simple
 * values, strings in chunks, map keys of other kinds or twice, what nests too deeply or has too many items.
 *
 * @throws AttestationError
 */
export function decodeCbor(bytes: Uint8Array): CborValue {
  const decoder = new Decoder(bytes);
  const value = decoder.value(0);
  demand(decoder.isAtEnd, malformed);
  return value;
}

class Decoder {
  readonly #bytes: Uint8Array;
  #offset = 0;
  #items = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#offset === this.#bytes.byteLength;
  }

  value(depth: number): CborValue {
    this.#items += 1;
    demand(depth < documentLimits.cborDepth && this.#items <= documentLimits.cborItems, malformed);
    const initial = this.#byte();
    if (initial === nullByte) return null;
    const major = initial >> 5;
    const info = initial & 0x1f;
    if (major === majorTypes.array) return this.#array(info, depth);
    if (major === majorTypes.map) return this.#map(info, depth);
    const argument = this.#argument(info);
    switch (major) {
      case majorTypes.unsigned:
        return argument;
      case majorTypes.negative:
        return -1 - argument;
      case majorTypes.bytes:
        return this.#take(argument);
      case majorTypes.text:
        return decodeText(this.#take(argument));
      default:
        throw new AttestationError(malformed);
    }
  }

  #array(info: number, depth: number): CborArray {
    const items: CborValue[] = [];
    for (const remains = this.#counter(info); remains(); ) items.push(this.value(depth + 1));
    return items;
  }

  #map(info: number, depth: number): CborMap {
    const entries = new Map<number | string, CborValue>();
    for (const remains = this.#counter(info); remains(); ) {
      const key = this.value(depth + 1);
      demand((typeof key === "number" || typeof key === "string") && !entries.has(key), malformed);
      entries.set(key, this.value(depth + 1));
    }
    return entries;
  }

  /** Whether another member follows; takes the break of a container of unknown length. */
  #counter(info: number): () => boolean {
    if (info === indefinite) {
      return () => {
        demand(!this.isAtEnd, malformed);
        if (this.#bytes[this.#offset] !== breakByte) return true;
        this.#offset += 1;
        return false;
      };
    }
    let left = this.#argument(info);
    return () => {
      left -= 1;
      return left >= 0;
    };
  }

  /** RFC 8949 section 3: the argument of an initial byte. */
  #argument(info: number): number {
    if (info < 24) return info;
    demand(info < 28, malformed);
    let value = 0;
    for (const byte of this.#take(1 << (info - 24))) value = value * 256 + byte;
    demand(Number.isSafeInteger(value), malformed);
    return value;
  }

  #byte(): number {
    const byte = this.#bytes[this.#offset];
    demand(byte !== undefined, malformed);
    this.#offset += 1;
    return byte;
  }

  #take(length: number): Uint8Array {
    const end = this.#offset + length;
    demand(end <= this.#bytes.byteLength, malformed);
    const taken = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return taken;
  }
}

function decodeText(bytes: Uint8Array): string {
  try {
    return text.decode(bytes);
  } catch {
    throw new AttestationError(malformed);
  }
}

/** The head of an item: its major type and argument, in the shortest form (RFC 8949 section 4.2.1). */
export function encodeCborHead(major: "bytes" | "text" | "array", argument: number): Buffer {
  const type = majorTypes[major] << 5;
  if (argument < 24) return Buffer.of(type | argument);
  if (argument < 0x100) return Buffer.of(type | 24, argument);
  return Buffer.of(type | 25, argument >> 8, argument & 0xff);
}
