import { concatBytes, uint16Bytes, utf8 } from "../bytes.ts";
import { decodeContext, serializeContext } from "../encryption-context.ts";
import { EnvelopeError, invalidInput, malformed } from "../errors.ts";
import type { EncryptedDataKey } from "../materials/materials.ts";
import { type Suite, suites } from "../suites.ts";

/** The length of every IV and tag of the format. */
export const ivBytes = 12;
export const tagBytes = 16;
/** The length of the key commitment in a header of version 2. */
export const commitmentBytes = 32;

/** Bytes of a header at most, so that nobody makes a reader keep more before anything is authenticated. */
export const maxHeaderBytes = 1024 * 1024;

/** The bytes of a message id, which is also the salt of a committing suite. */
export function messageIdBytes(suite: Suite): 16 | 32 {
  return suite.version === 2 ? 32 : 16;
}

/** What a header says, its authentication apart. */
export interface HeaderFields {
  readonly suite: Suite;
  readonly messageId: Uint8Array;
  /** As it is stored: without what is only authenticated. */
  readonly context: ReadonlyMap<string, string>;
  readonly encryptedDataKeys: readonly EncryptedDataKey[];
  /** Bytes of plaintext in each frame but the last; 0: the body is one block. */
  readonly frameBytes: number;
  /** What the key commits to; of suites that commit. */
  readonly commitment: Uint8Array | undefined;
}

/** A header as it was read. */
export interface DecodedHeader extends HeaderFields {
  /** The bytes that its tag authenticates. */
  readonly bodyBytes: Uint8Array;
  readonly iv: Uint8Array;
  readonly tag: Uint8Array;
  /** Of the header with its authentication: where the message's body begins. */
  readonly byteLength: number;
}

const contentTypeBlock = 1;
const contentTypeFramed = 2;
const customerData = 0x80;

/**
 * The bytes of a header, without its authentication. Source: AWS Encryption SDK specification,
 * data-format/message-header.md.
 */
export function encodeHeaderBody(fields: HeaderFields): Uint8Array<ArrayBuffer> {
  const { suite, messageId, encryptedDataKeys, frameBytes, commitment } = fields;
  const context = serializeContext(fields.context);
  if (encryptedDataKeys.length === 0 || encryptedDataKeys.length > 65_535) {
    throw invalidInput("A message has between 1 and 65535 encrypted data keys.");
  }
  const keys = encryptedDataKeys.flatMap((key) =>
    [utf8(key.providerId), key.providerInfo, key.ciphertext].flatMap((part) => {
      if (part.length > 65_535) throw invalidInput("An encrypted data key has a part of more than 65535 bytes.");
      return [uint16Bytes(part.length), part];
    }),
  );
  const contentType = Uint8Array.of(frameBytes === 0 ? contentTypeBlock : contentTypeFramed);
  const frameLength = uint32Bytes(frameBytes);
  return concatBytes(
    suite.version === 2 ? Uint8Array.of(2) : Uint8Array.of(1, customerData),
    uint16Bytes(suite.id),
    messageId,
    uint16Bytes(context.length),
    context,
    uint16Bytes(encryptedDataKeys.length),
    ...keys,
    contentType,
    ...(suite.version === 2 ? [frameLength, commitment!] : [Uint8Array.of(0, 0, 0, 0, ivBytes), frameLength]),
  );
}

function uint32Bytes(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** Reads from the front; `undefined` from `decodeHeader` says that there must come more. */
class NeedsMore extends Error {}

/**
 * Reads the header at the beginning of a message.
 *
 * @param bytes as much of the message as there is
 * @param maxEncryptedDataKeys more than these are refused before they are read
 * @returns undefined when the header goes on after `bytes`
 * @throws EnvelopeError MessageMalformed, LimitExceeded
 */
export function decodeHeader(bytes: Uint8Array, maxEncryptedDataKeys: number): DecodedHeader | undefined {
  try {
    return readHeader(new Reader(bytes), maxEncryptedDataKeys);
  } catch (error) {
    if (!(error instanceof NeedsMore)) throw error;
    if (bytes.length >= maxHeaderBytes) {
      throw new EnvelopeError("LimitExceeded", `The message's header has more than ${maxHeaderBytes} bytes.`);
    }
    return undefined;
  }
}

class Reader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  take(length: number): Uint8Array {
    const begin = this.#advance(length);
    return this.bytes.slice(begin, begin + length);
  }
  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }
  uint16(): number {
    return this.#view.getUint16(this.#advance(2));
  }
  uint32(): number {
    return this.#view.getUint32(this.#advance(4));
  }

  #advance(length: number): number {
    const begin = this.offset;
    if (begin + length > this.bytes.length) throw new NeedsMore();
    this.offset += length;
    return begin;
  }
}

function readHeader(reader: Reader, maxEncryptedDataKeys: number): DecodedHeader {
  const suite = readSuite(reader);
  const messageId = reader.take(messageIdBytes(suite));
  const contextOffset = reader.offset + 2;
  const context = decodeContext(reader.take(reader.uint16()), contextOffset);
  const encryptedDataKeys = readEncryptedDataKeys(reader, maxEncryptedDataKeys);
  const contentOffset = reader.offset;
  const contentType = reader.uint8();
  if (contentType !== contentTypeBlock && contentType !== contentTypeFramed) {
    throw malformed("The message's content type is unknown", contentOffset);
  }
  if (suite.version === 1) checkVersion1(reader);
  const frameBytes = reader.uint32();
  if ((frameBytes === 0) !== (contentType === contentTypeBlock)) {
    throw malformed("The message's frame length does not fit its content type", reader.offset - 4);
  }
  const commitment = suite.version === 2 ? reader.take(commitmentBytes) : undefined;
  const bodyBytes = reader.bytes.slice(0, reader.offset);
  const iv = suite.version === 2 ? new Uint8Array(ivBytes) : reader.take(ivBytes);
  const tag = reader.take(tagBytes);
  const byteLength = reader.offset;
  return { suite, messageId, context, encryptedDataKeys, frameBytes, commitment, bodyBytes, iv, tag, byteLength };
}

function readSuite(reader: Reader): Suite {
  const version = reader.uint8();
  if (version !== 1 && version !== 2) throw malformed(notAMessage(reader.bytes), 0);
  if (version === 1 && reader.uint8() !== customerData) throw malformed(notAMessage(reader.bytes), 1);
  const suite = suites.get(reader.uint16());
  if (suite === undefined) throw malformed("The message's algorithm suite is unknown", reader.offset - 2);
  if (suite.version !== version)
    throw malformed("The message's algorithm suite is not of its version", reader.offset - 2);
  return suite;
}

/** Base64 of a message begins so: version 1 with its type, or version 2 with the first byte of its suite. */
function notAMessage(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 2));
  const encoded = start === "AY" || start === "Ag";
  return encoded ? "This is base64: decode it first" : "This is no message of the AWS Encryption SDK's format";
}

function readEncryptedDataKeys(reader: Reader, max: number): EncryptedDataKey[] {
  const countOffset = reader.offset;
  const count = reader.uint16();
  if (count === 0) throw malformed("The message has no encrypted data key", countOffset);
  if (count > max) {
    throw new EnvelopeError(
      "LimitExceeded",
      `The message has ${count} encrypted data keys, and ${max} are allowed (maxEncryptedDataKeys).`,
      { offset: countOffset },
    );
  }
  return Array.from({ length: count }, () => {
    const offset = reader.offset;
    const providerId = reader.take(reader.uint16());
    const providerInfo = reader.take(reader.uint16());
    const ciphertext = reader.take(reader.uint16());
    try {
      return { providerId: new TextDecoder("utf-8", { fatal: true }).decode(providerId), providerInfo, ciphertext };
    } catch {
      throw malformed("The name of an encrypted data key's provider is not UTF-8", offset);
    }
  });
}

function checkVersion1(reader: Reader): void {
  if (reader.uint32() !== 0) throw malformed("The message's reserved bytes are not zero", reader.offset - 4);
  if (reader.uint8() !== ivBytes)
    throw malformed("The message's IV length is not that of its suite", reader.offset - 1);
}
