import { encryptChunks } from "@coffer/envelope";
import { sha256 } from "@noble/hashes/sha2.js";
import { base64OfBytes } from "../base64.ts";
import { MessagingError } from "../errors.ts";
import { randomBytes } from "../platform.ts";
import { attachmentContext, attachmentKeyring } from "./attachment-cipher.ts";
import {
  type AttachmentPointer,
  base64UrlOfBytes,
  isAttachmentName,
  isMediaType,
  maxAttachmentBytes,
} from "./attachment-pointer.ts";
import { paddedSize } from "./padded-size.ts";

/** What the recipient is told of an attachment besides its content. */
export interface AttachmentDescription {
  /** As `AttachmentPointer.name`. */
  readonly name?: string | undefined;
  /** As `AttachmentPointer.mediaType`. */
  readonly mediaType?: string | undefined;
}

/** An attachment on its way to the relay. */
export interface EncryptedAttachment {
  /** Base64url, 32 random bytes: the name under which the relay keeps it. */
  readonly blobId: string;
  /** What the relay gets. It is made while it is read, once. */
  readonly ciphertext: AsyncGenerator<Uint8Array, void, void>;
  /** For the message. Fulfilled when the ciphertext was read to its end; rejected when that failed or was given up. */
  readonly pointer: Promise<AttachmentPointer>;
}

const paddingChunkBytes = 64 * 1024;

/**
 * Encrypts a file or the like under a key of its own: a message in the AWS Encryption SDK's format (AES-256-GCM with
 * HKDF and key commitment, suite 0x0478), padded by `paddedSize`, bound to the blob's id. Memory: a frame of 64 KiB.
 *
 * @param content bytes, or chunks of them: up to `maxAttachmentBytes`
 * @throws MessagingError InvalidInput; reading the ciphertext throws it too, when there is more content
 */
export function encryptAttachment(
  content: Uint8Array | AsyncIterable<Uint8Array>,
  { name, mediaType }: AttachmentDescription = {},
): EncryptedAttachment {
  if (name !== undefined && !isAttachmentName(name)) {
    throw invalid("The attachment's name must be a file's, without its path: 1 to 255 characters, no controls.");
  }
  if (mediaType !== undefined && !isMediaType(mediaType)) {
    throw invalid("The attachment's media type must be a type and a subtype, such as image/png.");
  }
  if (content instanceof Uint8Array && content.length > maxAttachmentBytes) throw tooLarge();
  const blobId = base64UrlOfBytes(randomBytes(32));
  const { promise: pointer, resolve, reject } = Promise.withResolvers<AttachmentPointer>();
  // Who reads the ciphertext has the error already.
  pointer.catch(() => undefined);
  const key = randomBytes(32);

  async function* write(): AsyncGenerator<Uint8Array, void, void> {
    const sizes = { bytes: 0 };
    const hash = sha256.create();
    try {
      const options = { keyring: attachmentKeyring(key), ...attachmentContext(blobId) };
      for await (const chunk of encryptChunks(padded(content, sizes), options)) {
        hash.update(chunk);
        yield chunk;
      }
      resolve({
        blobId,
        key: base64OfBytes(key),
        digest: base64OfBytes(hash.digest()),
        bytes: sizes.bytes,
        ...(name !== undefined && { name }),
        ...(mediaType !== undefined && { mediaType }),
      });
    } catch (cause) {
      reject(cause);
      throw cause;
    } finally {
      key.fill(0);
      reject(invalid("The attachment's ciphertext was not read to its end."));
    }
  }

  return { blobId, ciphertext: write(), pointer };
}

/** The content and zeros behind it. Counts the content. */
async function* padded(
  content: Uint8Array | AsyncIterable<Uint8Array>,
  sizes: { bytes: number },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of content instanceof Uint8Array ? [content] : content) {
    sizes.bytes += chunk.length;
    if (sizes.bytes > maxAttachmentBytes) throw tooLarge();
    yield chunk;
  }
  for (let left = paddedSize(sizes.bytes) - sizes.bytes; left > 0; left -= paddingChunkBytes) {
    yield new Uint8Array(Math.min(left, paddingChunkBytes));
  }
}

function tooLarge(): MessagingError {
  return invalid(`The attachment has more than ${maxAttachmentBytes} bytes: send it in parts.`);
}

function invalid(message: string): MessagingError {
  return new MessagingError("InvalidInput", message);
}
