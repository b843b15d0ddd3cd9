/** Tags of X.690 section 8 that are written here. */
export const derTags = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
  context0: 0xa0,
} as const;

/** One DER value (X.690 section 10.1): tag, shortest length, content. The caller wipes what was secret. */
export function encodeDer(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = [tag];
  if (length < 0x80) head.push(length);
  else {
    const digits: number[] = [];
    for (let rest = length; rest > 0; rest = Math.floor(rest / 0x100)) digits.unshift(rest % 0x100);
    head.push(0x80 | digits.length, ...digits);
  }
  return Buffer.concat([Buffer.from(head), ...parts]);
}

/** A DER INTEGER that is not negative. */
export function encodeDerInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  const needsZero = (bytes[0] ?? 0) >= 0x80;
  return encodeDer(derTags.integer, ...(needsZero ? [Buffer.of(0)] : []), bytes);
}

/** One value at the start of some DER. */
export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
  /** Tag, length and content. */
  readonly whole: Buffer;
  /** What follows it. */
  readonly rest: Buffer;
}

/** Reads the value at the start of untrusted DER, as views. Undefined when there is none, or its length is not DER's. */
export function readDer(bytes: Buffer): DerValue | undefined {
  const [tag, first] = bytes;
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined;
  let at = 2;
  let length = first;
  if (first >= 0x80) {
    const lengthBytes = first & 0x7f;
    if (lengthBytes === 0 || lengthBytes > 3 || bytes.length < 2 + lengthBytes) return undefined;
    length = bytes.readUIntBE(2, lengthBytes);
    if (length < 0x80 || bytes[2] === 0) return undefined;
    at += lengthBytes;
  }
  const end = at + length;
  if (bytes.length < end) return undefined;
  return { tag, content: bytes.subarray(at, end), whole: bytes.subarray(0, end), rest: bytes.subarray(end) };
}

/** The values that some untrusted DER is made of, one after the other. Undefined when it is anything else. */
export function readDerValues(bytes: Buffer): readonly DerValue[] | undefined {
  const values: DerValue[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const value = readDer(rest);
    if (value === undefined) return undefined;
    values.push(value);
    rest = value.rest;
  }
  return values;
}
