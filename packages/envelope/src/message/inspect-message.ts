import { ByteQueue } from "../byte-queue.ts";
import { type EncryptionContext, publicKeyName } from "../encryption-context.ts";
import type { EncryptedDataKey } from "../materials/materials.ts";
import type { Suite } from "../suites.ts";
import { blockHeadBytes, finalFrameHeadBytes, frameHeadBytes } from "./frames.ts";
import { tagBytes } from "./header.ts";
import { takeHeader } from "./read-message.ts";

/** What a message says of itself. Nothing of it is authentic before the message is decrypted. */
export interface MessageDescription {
  readonly suite: Suite;
  /** Its public key apart. */
  readonly context: EncryptionContext;
  readonly encryptedDataKeys: readonly EncryptedDataKey[];
  /** Bytes of plaintext in each frame but the last; 0: the body is one block. */
  readonly frameBytes: number;
  readonly messageId: Uint8Array;
  /** Where the body begins. */
  readonly headerBytes: number;
}

/** The encrypted data keys of a message that is looked at: all that the format can count. */
const maxCountedKeys = 65_535;

/**
 * Reads what stands at the beginning of a message, without any key.
 *
 * @param start the message, or as much of it as holds its header: 1 MiB is always enough
 * @throws EnvelopeError MessageMalformed, LimitExceeded
 */
export async function inspectMessage(start: Uint8Array): Promise<MessageDescription> {
  const header = await takeHeader(new ByteQueue([start]), maxCountedKeys);
  const { suite, encryptedDataKeys, frameBytes, messageId, byteLength: headerBytes } = header;
  const context = Object.fromEntries([...header.context].filter(([name]) => name !== publicKeyName));
  return { suite, context, encryptedDataKeys, frameBytes, messageId, headerBytes };
}

/** The last part of a body, by lengths alone, and how much plaintext the whole body has if that is so. */
export interface BodyEnd {
  /** Where the part begins. */
  readonly offset: number;
  /** Its number; the first is 1. */
  readonly sequence: number;
  /** Bytes of plaintext in it. */
  readonly contentBytes: number;
  readonly plaintextBytes: number;
}

/**
 * Where a body's last part has to stand in a message of a given length.
 *
 * @param trailingBytes behind the body: those of a signature with its length
 * @returns undefined when no message has this length
 */
export function locateBodyEnd(
  { frameBytes, headerBytes }: Pick<MessageDescription, "frameBytes" | "headerBytes">,
  messageBytes: number,
  trailingBytes = 0,
): BodyEnd | undefined {
  const bodyBytes = messageBytes - headerBytes - trailingBytes;
  if (frameBytes === 0) {
    const contentBytes = bodyBytes - blockHeadBytes - tagBytes;
    return contentBytes < 0
      ? undefined
      : { offset: headerBytes, sequence: 1, contentBytes, plaintextBytes: contentBytes };
  }
  const sealedFrameBytes = frameHeadBytes + frameBytes + tagBytes;
  const rest = bodyBytes - finalFrameHeadBytes - tagBytes;
  if (rest < 0) return undefined;
  const frames = Math.floor(rest / sealedFrameBytes);
  const contentBytes = rest - frames * sealedFrameBytes;
  if (contentBytes > frameBytes) return undefined;
  const offset = headerBytes + frames * sealedFrameBytes;
  return { offset, sequence: frames + 1, contentBytes, plaintextBytes: frames * frameBytes + contentBytes };
}
