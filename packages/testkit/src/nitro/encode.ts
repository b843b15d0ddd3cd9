/** CBOR (RFC 8949) and DER (ITU-T X.690) as tests need them, apart from what they test. */

/** Written as it is, so that a test can put any bytes into a document. */
export class RawCbor {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** A map or array that is written without its length. */
export class IndefiniteCbor {
  readonly value: Map<unknown, unknown> | readonly unknown[];

  constructor(value: Map<unknown, unknown> | readonly unknown[]) {
    this.value = value;
  }
}

function head(major: number, argument: number): Buffer {
  const type = major << 5;
  if (argument < 24) return Buffer.of(type | argument);
  if (argument < 0x100) return Buffer.of(type | 24, argument);
  if (argument < 0x1_0000) return Buffer.of(type | 25, argument >> 8, argument & 0xff);
  const long = Buffer.alloc(9);
  long[0] = type | 27;
  long.writeBigUInt64BE(BigInt(argument), 1);
  return long;
}

/** Integers, texts, bytes, arrays, Maps, null, and the two classes above. */
export function encodeCbor(value: unknown): Buffer {
  if (value instanceof RawCbor) return Buffer.from(value.bytes);
  if (value instanceof IndefiniteCbor) {
    const [first, ...rest] = children(value.value);
    return Buffer.concat([
      Buffer.of(value.value instanceof Map ? 0xbf : 0x9f),
      first ?? Buffer.of(),
      ...rest,
      Buffer.of(0xff),
    ]);
  }
  if (value === null) return Buffer.of(0xf6);
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === "string") return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.byteLength), value]);
  if (value instanceof Map) return Buffer.concat([head(5, value.size), ...children(value)]);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...children(value)]);
  throw new TypeError("no CBOR for this value");
}

function children(value: Map<unknown, unknown> | readonly unknown[]): Buffer[] {
  return (value instanceof Map ? [...value].flat() : [...value]).map(encodeCbor);
}

/** One element of DER. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const length = content.byteLength;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  if (length < 0x100) return Buffer.concat([Buffer.of(tag, 0x81, length), content]);
  return Buffer.concat([Buffer.of(tag, 0x82, length >> 8, length & 0xff), content]);
}
