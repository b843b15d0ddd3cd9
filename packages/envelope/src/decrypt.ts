import { ByteQueue, type ChunkSource, isBytes } from "./byte-queue.ts";
import { joinBytes } from "./bytes.ts";
import { type EncryptionContext, publicKeyName } from "./encryption-context.ts";
import { EnvelopeError, invalidInput } from "./errors.ts";
import type { DecodedHeader } from "./message/header.ts";
import {
  openHeader,
  type ReadableMessage,
  type ReadLimits,
  readPlaintext,
  takeHeader,
} from "./message/read-message.ts";
import {
  contextOf,
  type DecryptOptions,
  defaultMaxBufferedBytes,
  defaultMaxEncryptedDataKeys,
  materialsOf,
  parseLimit,
} from "./options.ts";

/** A message that was decrypted. */
export interface DecryptedMessage {
  readonly plaintext: Uint8Array<ArrayBuffer>;
  /** All that the message is bound to, its public key apart. */
  readonly context: EncryptionContext;
  /** The suite's name, as the specification has it. */
  readonly suite: string;
  /** Whether a signature was checked. */
  readonly signed: boolean;
}

/**
 * Decrypts a message that fits into memory.
 *
 * @param message in the AWS Encryption SDK's format, version 1 or 2
 * @throws EnvelopeError InvalidInput, MessageMalformed, DecryptionFailed, ContextMismatch, KeyUnavailable, PolicyRefused,
 *   LimitExceeded
 */
export async function decrypt(message: Uint8Array, options: DecryptOptions): Promise<DecryptedMessage> {
  if (!isBytes(message)) throw invalidInput("The message is not a Uint8Array: decode base64 or hexadecimal first.");
  const limits = limitsOf(options);
  const queue = new ByteQueue([message]);
  const readable = await beginReading(queue, options);
  const pieces: Uint8Array[] = [];
  for await (const piece of readPlaintext(readable, queue, limits)) pieces.push(piece);
  const { suite } = readable.header;
  return {
    plaintext: joinBytes(pieces),
    context: publicContext(readable),
    suite: suite.name,
    signed: suite.signature !== undefined,
  };
}

/**
 * Decrypts what comes in chunks. A part's plaintext leaves when the part is authentic; that of a signed message is kept
 * until its signature is, unless `releaseBeforeSignature` says otherwise.
 *
 * @throws EnvelopeError as `decrypt`; whoever used the plaintext up to then must undo what it did
 */
export async function* decryptChunks(message: ChunkSource, options: DecryptOptions): AsyncGenerator<Uint8Array> {
  const limits = limitsOf(options);
  const queue = new ByteQueue(message);
  try {
    const readable = await beginReading(queue, options);
    const parts = readPlaintext(readable, queue, limits);
    yield* releasesEarly(readable, options) ? parts : await keepAll(parts, limits);
  } finally {
    await queue.close();
  }
}

/** Whether plaintext may leave before the message's end was read. */
export function releasesEarly({ verifier }: ReadableMessage, options: DecryptOptions): boolean {
  return verifier === undefined || options.releaseBeforeSignature === true;
}

/** Keeps all parts until the last of them, and what is behind it, was right. @throws EnvelopeError LimitExceeded */
export async function keepAll(
  parts: AsyncIterable<Uint8Array>,
  { maxBufferedBytes }: ReadLimits,
): Promise<Uint8Array[]> {
  const kept: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of parts) {
    bytes += part.length;
    if (bytes > maxBufferedBytes) {
      throw new EnvelopeError(
        "LimitExceeded",
        `The message is signed and has more than ${maxBufferedBytes} bytes, which are kept until the signature is read ` +
          "(maxBufferedBytes); releaseBeforeSignature gives them out before.",
      );
    }
    kept.push(part);
  }
  return kept;
}

/**
 * Reads and opens a message's header.
 *
 * @throws EnvelopeError as `decrypt`
 */
export async function beginReading(queue: ByteQueue, options: DecryptOptions): Promise<ReadableMessage> {
  const header = await takeHeader(queue, maxEncryptedDataKeysOf(options));
  checkCommitment(header, options);
  const { suite, context, encryptedDataKeys } = header;
  const expectedContext = contextOf(options);
  const materials = await materialsOf(options).forDecryption({ suite, context, encryptedDataKeys, expectedContext });
  // Not `using`: what it compiles to needs a Symbol.dispose, which not every browser has.
  try {
    return await openHeader(header, materials);
  } finally {
    materials[Symbol.dispose]();
  }
}

function checkCommitment({ suite }: DecodedHeader, { commitment = "required" }: DecryptOptions): void {
  if (suite.commits || commitment === "optional") return;
  throw new EnvelopeError(
    "PolicyRefused",
    `The message was made with ${suite.name}, which does not commit to its key; commitment: "optional" reads it all the same.`,
  );
}

/** The limits that the options name. @throws EnvelopeError InvalidInput */
export function limitsOf({ maxBufferedBytes = defaultMaxBufferedBytes }: DecryptOptions): ReadLimits {
  return { maxBufferedBytes: parseLimit("maxBufferedBytes", maxBufferedBytes) };
}

function maxEncryptedDataKeysOf({ maxEncryptedDataKeys = defaultMaxEncryptedDataKeys }: DecryptOptions): number {
  return parseLimit("maxEncryptedDataKeys", maxEncryptedDataKeys);
}

/** A message's context without the format's own entry. */
export function publicContext({ context }: ReadableMessage): EncryptionContext {
  return Object.fromEntries([...context].filter(([name]) => name !== publicKeyName));
}
