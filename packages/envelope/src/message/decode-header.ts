import { joinBytes } from "../bytes.ts";
import { decodeContext } from "../encryption-context.ts";
import { EnvelopeError, malformed } from "../errors.ts";
import type { EncryptedDataKey } from "../materials/materials.ts";
import { type Suite, suites } from "../suites.ts";
import {
  commitmentBytes,
  contentTypeBlock,
  contentTypeFramed,
  customerData,
  type DecodedHeader,
  ivBytes,
  maxHeaderBytes,
  messageIdBytes,
  tagBytes,
} from "./header.ts";

/** Asks for so many bytes, and is given them: what reads goes on where it was, however small the chunks are. */
type Reading<T> = Generator<number, T, Uint8Array>;

/** What was read of a header. */
class Reader {
  readonly #parts: Uint8Array[] = [];
  offset = 0;

  /** Copies, so that nothing that happens to the source's memory later changes the header. */
  *take(byteLength: number): Reading<Uint8Array<ArrayBuffer>> {
    if (this.offset + byteLength > maxHeaderBytes) {
      throw new EnvelopeError("LimitExceeded", `The message's header has more than ${maxHeaderBytes} bytes.`);
    }
    const bytes = Uint8Array.from(yield byteLength);
    this.#parts.push(bytes);
    this.offset += byteLength;
    return bytes;
  }

  *uint(byteLength: 1 | 2 | 4): Reading<number> {
    return (yield* this.take(byteLength)).reduce((value, byte) => value * 256 + byte, 0);
  }

  /** All that was taken. */
  bytes(): Uint8Array<ArrayBuffer> {
    return joinBytes(this.#parts);
  }
}

/**
 * Reads a header. Source: AWS Encryption SDK specification, data-format/message-header.md.
 *
 * @param maxEncryptedDataKeys more than these are refused before they are read
 * @throws EnvelopeError MessageMalformed, LimitExceeded
 */
export function* decodeHeader(maxEncryptedDataKeys: number): Reading<DecodedHeader> {
  const reader = new Reader();
  const suite = yield* readSuite(reader);
  const messageId = yield* reader.take(messageIdBytes(suite));
  const contextBytes = yield* reader.take(yield* reader.uint(2));
  const context = decodeContext(contextBytes, reader.offset - contextBytes.length);
  const encryptedDataKeys = yield* readEncryptedDataKeys(reader, maxEncryptedDataKeys);
  const contentType = yield* reader.uint(1);
  if (contentType !== contentTypeBlock && contentType !== contentTypeFramed) {
    throw malformed("The message's content type is unknown", reader.offset - 1);
  }
  if (suite.version === 1) yield* checkVersion1(reader);
  const frameBytes = yield* reader.uint(4);
  if ((frameBytes === 0) !== (contentType === contentTypeBlock)) {
    throw malformed("The message's frame length does not fit its content type", reader.offset - 4);
  }
  const commitment = suite.version === 2 ? yield* reader.take(commitmentBytes) : undefined;
  const bodyBytes = reader.bytes();
  const iv = suite.version === 2 ? new Uint8Array(ivBytes) : yield* reader.take(ivBytes);
  const tag = yield* reader.take(tagBytes);
  const byteLength = reader.offset;
  return { suite, messageId, context, encryptedDataKeys, frameBytes, commitment, bodyBytes, iv, tag, byteLength };
}

function* readSuite(reader: Reader): Reading<Suite> {
  const version = yield* reader.uint(1);
  const second = yield* reader.uint(1);
  const good = version === 2 || (version === 1 && second === customerData);
  if (!good) throw malformed(notAMessage(version, second), version === 1 ? 1 : 0);
  const id = version === 1 ? yield* reader.uint(2) : second * 256 + (yield* reader.uint(1));
  const suite = suites.get(id);
  if (suite === undefined) throw malformed("The message's algorithm suite is unknown", reader.offset - 2);
  if (suite.version !== version)
    throw malformed("The message's algorithm suite is not of its version", reader.offset - 2);
  return suite;
}

/** Base64 of a message begins so: version 1 with its type, or version 2 with the first byte of its suite. */
function notAMessage(...start: readonly number[]): string {
  const encoded = ["AY", "Ag"].includes(String.fromCharCode(...start));
  return encoded ? "This is base64: decode it first" : "This is no message of the AWS Encryption SDK's format";
}

function* readEncryptedDataKeys(reader: Reader, max: number): Reading<EncryptedDataKey[]> {
  const count = yield* reader.uint(2);
  if (count === 0) throw malformed("The message has no encrypted data key", reader.offset - 2);
  if (count > max) {
    throw new EnvelopeError(
      "LimitExceeded",
      `The message has ${count} encrypted data keys, and ${max} are allowed (maxEncryptedDataKeys).`,
      { offset: reader.offset - 2 },
    );
  }
  const keys: EncryptedDataKey[] = [];
  // A byte order mark is part of the name, so that no two spellings are one provider.
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  while (keys.length < count) {
    const { offset } = reader;
    const providerId = yield* reader.take(yield* reader.uint(2));
    const providerInfo = yield* reader.take(yield* reader.uint(2));
    const ciphertext = yield* reader.take(yield* reader.uint(2));
    try {
      keys.push({ providerId: text.decode(providerId), providerInfo, ciphertext });
    } catch {
      throw malformed("The name of an encrypted data key's provider is not UTF-8", offset);
    }
  }
  return keys;
}

function* checkVersion1(reader: Reader): Reading<void> {
  if ((yield* reader.uint(4)) !== 0) throw malformed("The message's reserved bytes are not zero", reader.offset - 4);
  if ((yield* reader.uint(1)) !== ivBytes)
    throw malformed("The message's IV length is not that of its suite", reader.offset - 1);
}
