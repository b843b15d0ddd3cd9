import { type ChunkSource, isBytes } from "./byte-queue.ts";
import { joinBytes, utf8 } from "./bytes.ts";
import { invalidInput } from "./errors.ts";
import { type OpenMessage, openMessage, sealSmallMessage, writeMessage } from "./message/write-message.ts";
import { contextOf, type EncryptOptions, materialsOf, parseFrameBytes } from "./options.ts";
import { committingSuite, signingSuite } from "./suites.ts";

/**
 * Encrypts a message that fits into memory.
 *
 * @param plaintext bytes, or a text, which becomes UTF-8
 * @returns a message in the AWS Encryption SDK's format, version 2
 * @throws EnvelopeError InvalidInput, KeyUnavailable, ServiceRefused, ServiceUnavailable
 */
export async function encrypt(
  plaintext: Uint8Array | string,
  options: EncryptOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = typeof plaintext === "string" ? utf8(plaintext) : plaintext;
  if (!isBytes(bytes)) throw invalidInput("The plaintext is neither a Uint8Array nor a text.");
  const message = await beginMessage(options, bytes.length);
  if (bytes.length <= message.frameBytes) return joinBytes(await sealSmallMessage(message, bytes));
  const pieces: Uint8Array[] = [];
  for await (const piece of writeMessage(message, [bytes])) pieces.push(piece);
  return joinBytes(pieces);
}

/**
 * Encrypts what comes in chunks, and gives the message in chunks. Memory: a frame.
 *
 * @param plaintextBytes how many bytes will come, if that is known: caches count them, and more are refused
 * @throws EnvelopeError as `encrypt`
 */
export async function* encryptChunks(
  plaintext: ChunkSource,
  options: EncryptOptions,
  plaintextBytes?: number,
): AsyncGenerator<Uint8Array> {
  const message = await beginMessage(options, plaintextBytes);
  yield* writeMessage(message, plaintextBytes === undefined ? plaintext : announced(plaintext, plaintextBytes));
}

/** Holds a plaintext to its announced length, which a cache counted. */
async function* announced(plaintext: ChunkSource, plaintextBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of plaintext) {
    bytes += chunk.length;
    if (bytes > plaintextBytes)
      throw invalidInput(`The plaintext has more than the ${plaintextBytes} bytes announced.`);
    yield chunk;
  }
}

/** Gets keys and makes a message's header. The data key is wiped; what was derived from it for this message stays. */
export async function beginMessage(options: EncryptOptions, plaintextBytes: number | undefined): Promise<OpenMessage> {
  const frameBytes = parseFrameBytes(options.frameBytes);
  const suite = options.sign === true ? signingSuite : committingSuite;
  const materials = await materialsOf(options).forEncryption({ suite, context: contextOf(options), plaintextBytes });
  // Not `using`: see `beginReading`.
  try {
    return await openMessage(materials, frameBytes);
  } finally {
    materials[Symbol.dispose]();
  }
}
