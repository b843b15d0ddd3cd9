import { joinBytes, uint16Bytes, utf8 } from "../bytes.ts";
import { maxContextBytes, serializeContext } from "../encryption-context.ts";
import { invalidInput } from "../errors.ts";
import type { EncryptedDataKey } from "../materials/materials.ts";
import type { Suite } from "../suites.ts";

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

/** What a body is: one block, or frames. */
export const contentTypeBlock = 1;
export const contentTypeFramed = 2;
/** The only type of a message of version 1. */
export const customerData = 0x80;

/**
 * The bytes of a header, without its authentication. Source: AWS Encryption SDK specification,
 * data-format/message-header.md.
 *
 * @throws EnvelopeError InvalidInput when a reader would refuse it
 */
export function encodeHeaderBody(fields: HeaderFields): Uint8Array<ArrayBuffer> {
  const { suite, messageId, encryptedDataKeys, frameBytes, commitment } = fields;
  const context = serializeContext(fields.context);
  // A signed message's public key comes on top of what the caller gave.
  if (context.length > maxContextBytes) {
    throw invalidInput(
      `The encryption context, with the message's public key, has more than ${maxContextBytes} bytes.`,
    );
  }
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
  const body = joinBytes([
    suite.version === 2 ? Uint8Array.of(2) : Uint8Array.of(1, customerData),
    uint16Bytes(suite.id),
    messageId,
    uint16Bytes(context.length),
    context,
    uint16Bytes(encryptedDataKeys.length),
    ...keys,
    contentType,
    ...(suite.version === 2 ? [frameLength, commitment!] : [Uint8Array.of(0, 0, 0, 0, ivBytes), frameLength]),
  ]);
  if (body.length + ivBytes + tagBytes > maxHeaderBytes) {
    throw invalidInput(`The encrypted data keys have too many bytes: a header has ${maxHeaderBytes} at most.`);
  }
  return body;
}

function uint32Bytes(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
