import { ByteReader } from "./byte-reader.ts";

/** A key package as far as a directory looks into it (RFC 9420, section 10). */
export interface ReadKeyPackage {
  readonly cipherSuite: number;
  readonly initKey: Uint8Array;
  readonly encryptionKey: Uint8Array;
  readonly signatureKey: Uint8Array;
  /** Undefined when the credential is not `basic`. */
  readonly identity: Uint8Array | undefined;
  readonly leafNode: SignedPart;
  readonly keyPackage: SignedPart;
}

/** What is signed, and its signature. */
export interface SignedPart {
  readonly content: Uint8Array;
  readonly signature: Uint8Array;
}

const versionMls10 = 1;
const wireFormatKeyPackage = 5;
const sourceKeyPackage = 1;
const credentialBasic = 1;
const lifetimeBytes = 16;

/** Reads an MLSMessage that is a key package and nothing else (RFC 9420, section 6); undefined when it is not. */
export function readKeyPackage(message: Uint8Array): ReadKeyPackage | undefined {
  const reader = new ByteReader(message);
  if (reader.number(2) !== versionMls10 || reader.number(2) !== wireFormatKeyPackage) return undefined;
  const start = reader.offset;
  if (reader.number(2) !== versionMls10) return undefined;
  const cipherSuite = reader.number(2);
  const initKey = vector(reader);
  const leaf = readLeafNode(reader);
  if (vector(reader) === undefined) return undefined;
  const keyPackage = readSigned(reader, start);
  if (cipherSuite === undefined || initKey === undefined || leaf === undefined || keyPackage === undefined) {
    return undefined;
  }
  return reader.isAtEnd ? { cipherSuite, initKey, ...leaf, keyPackage } : undefined;
}

/** RFC 9420, section 7.2. A leaf of a key package is signed without the group that it comes into. */
function readLeafNode(
  reader: ByteReader,
): Pick<ReadKeyPackage, "encryptionKey" | "signatureKey" | "identity" | "leafNode"> | undefined {
  const start = reader.offset;
  const encryptionKey = vector(reader);
  const signatureKey = vector(reader);
  const credentialType = reader.number(2);
  const credential = vector(reader);
  const capabilities = Array.from({ length: 5 }, () => vector(reader));
  if (capabilities.includes(undefined) || reader.number(1) !== sourceKeyPackage) return undefined;
  if (reader.take(lifetimeBytes) === undefined || vector(reader) === undefined) return undefined;
  const leafNode = readSigned(reader, start);
  if (encryptionKey === undefined || signatureKey === undefined || leafNode === undefined) return undefined;
  const identity = credentialType === credentialBasic ? credential : undefined;
  return { encryptionKey, signatureKey, identity, leafNode };
}

function readSigned(reader: ByteReader, start: number): SignedPart | undefined {
  const content = reader.bytes.subarray(start, reader.offset);
  const signature = vector(reader);
  return signature && { content, signature };
}

/** A vector with its length before it, written the shortest way (RFC 9420, section 2.1.2). */
function vector(reader: ByteReader): Uint8Array | undefined {
  const first = reader.number(1);
  if (first === undefined) return undefined;
  const sizeBits = first >> 6;
  if (sizeBits === 3) return undefined;
  const more = 2 ** sizeBits - 1;
  const rest = reader.number(more);
  if (rest === undefined) return undefined;
  const length = (first & 0x3f) * 256 ** more + rest;
  const isShortest = sizeBits === 0 || length >= 2 ** (sizeBits === 1 ? 6 : 14);
  return isShortest ? reader.take(length) : undefined;
}

/** What a signature with a label is over (RFC 9420, section 5.1.2). */
export function labelledContent(label: string, content: Uint8Array): Uint8Array {
  const name = new TextEncoder().encode(`MLS 1.0 ${label}`);
  return Uint8Array.of(...vectorHeader(name.length), ...name, ...vectorHeader(content.length), ...content);
}

function vectorHeader(length: number): number[] {
  if (length < 2 ** 6) return [length];
  if (length < 2 ** 14) return [0x40 | (length >> 8), length & 0xff];
  return [0x80 | (length >>> 24), (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff];
}
