import { decrypt, EnvelopeError } from "@coffer/envelope";
import { sha256 } from "@noble/hashes/sha2.js";
import { base64OfBytes, bytesOfBase64 } from "../base64.ts";
import { MessagingError } from "../errors.ts";
import { attachmentContext, attachmentKeyring } from "./attachment-cipher.ts";
import { type AttachmentPointer, parseAttachmentPointer } from "./attachment-pointer.ts";
import { paddedSize } from "./padded-size.ts";

// Of the format: each frame of 64 KiB has 32 bytes of its own, header and last frame less than 1 KiB together.
const frameBytes = 64 * 1024;
const frameOverheadBytes = 32;
const headerRoomBytes = 1024;

/** The most bytes that the ciphertext of a content of `bytes` has. */
export function maxCiphertextBytes(bytes: number): number {
  const content = paddedSize(bytes);
  return content + Math.ceil(content / frameBytes) * frameOverheadBytes + headerRoomBytes;
}

/**
 * Opens an attachment. Nothing of it is given before all of it was found to be what the message said: digest, key, size
 * and padding. Memory: about twice its size.
 *
 * @param ciphertext as the relay gave it
 * @param pointer as the message had it
 * @returns the content
 * @throws MessagingError AttachmentRefused
 */
export async function decryptAttachment(
  ciphertext: Uint8Array | AsyncIterable<Uint8Array>,
  pointer: AttachmentPointer,
): Promise<Uint8Array> {
  const { blobId, key, digest, bytes } = parseAttachmentPointer(pointer);
  const message = await collect(ciphertext, maxCiphertextBytes(bytes));
  if (base64OfBytes(sha256(message)) !== digest) throw refused();
  const keyBytes = bytesOfBase64(key)!;
  let plaintext: Uint8Array;
  try {
    plaintext = (await decrypt(message, { keyring: attachmentKeyring(keyBytes), ...attachmentContext(blobId) }))
      .plaintext;
  } catch (cause) {
    if (cause instanceof EnvelopeError) throw refused(cause);
    throw cause;
  } finally {
    keyBytes.fill(0);
  }
  if (plaintext.length !== paddedSize(bytes) || plaintext.subarray(bytes).some((byte) => byte !== 0)) throw refused();
  return plaintext.slice(0, bytes);
}

/** All of the ciphertext, unless there is more than there can be. */
async function collect(ciphertext: Uint8Array | AsyncIterable<Uint8Array>, mostBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of ciphertext instanceof Uint8Array ? [ciphertext] : ciphertext) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw refused();
    chunks.push(chunk);
  }
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function refused(cause?: unknown): MessagingError {
  return new MessagingError(
    "AttachmentRefused",
    "The attachment is not what its message says: it was changed, cut off, or is another. Have it sent again.",
    { cause },
  );
}
