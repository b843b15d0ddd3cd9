import { base64OfBytes, bytesOfBase64 } from "../base64.ts";
import { MessagingError } from "../errors.ts";

/** What a message says of an attachment: where it lies, and all that it takes to open it. It goes inside of messages alone. */
export interface AttachmentPointer {
  /** Base64url, 32 random bytes: the blob's name at the relay. */
  readonly blobId: string;
  /** Base64, 32 bytes: the attachment's own key. */
  readonly key: string;
  /** Base64, 32 bytes: SHA-256 of the ciphertext. */
  readonly digest: string;
  /** Of the content, without padding: 0 to `maxAttachmentBytes`. */
  readonly bytes: number;
  /** A file's name without its path: 1 to 255 characters, none of them a control, a separator or one that turns the text around. */
  readonly name?: string | undefined;
  /** Type and subtype (RFC 6838, section 4.2). */
  readonly mediaType?: string | undefined;
}

/** The most bytes of an attachment's content: what a relay's blob of 100 MiB has room for. */
export const maxAttachmentBytes = 96 * 1024 * 1024;

const blobIdPattern = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const mediaTypePattern = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;
// Controls, separators of paths, and marks of direction, which show `exe.jpg` for what ends in `.exe`.
const refusedInNames = /[\p{Cc}\p{Cs}/\\\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
const maxNameCharacters = 255;

/** Bytes as base64url without padding (RFC 4648, section 5). */
export function base64UrlOfBytes(bytes: Uint8Array): string {
  return base64OfBytes(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Whether a name is one that a file may be kept under. */
export function isAttachmentName(name: unknown): name is string {
  return (
    typeof name === "string" &&
    name.length >= 1 &&
    name.length <= maxNameCharacters &&
    !refusedInNames.test(name) &&
    !/^\.+$/.test(name)
  );
}

/** Whether a text is a type and subtype. */
export function isMediaType(mediaType: unknown): mediaType is string {
  return typeof mediaType === "string" && mediaTypePattern.test(mediaType);
}

/**
 * Reads a pointer as it stood in a message. Who wrote it is trusted with nothing.
 *
 * @throws MessagingError AttachmentRefused
 */
export function parseAttachmentPointer(value: unknown): AttachmentPointer {
  if (typeof value !== "object" || value === null) throw malformed();
  const { blobId, key, digest, bytes, name, mediaType } = value as Readonly<Record<string, unknown>>;
  if (typeof blobId !== "string" || !blobIdPattern.test(blobId)) throw malformed();
  if (bytesOfBase64(key)?.length !== 32 || bytesOfBase64(digest)?.length !== 32) throw malformed();
  if (!Number.isSafeInteger(bytes) || (bytes as number) < 0 || (bytes as number) > maxAttachmentBytes)
    throw malformed();
  if (name !== undefined && !isAttachmentName(name)) throw malformed();
  if (mediaType !== undefined && !isMediaType(mediaType)) throw malformed();
  return {
    blobId,
    key: key as string,
    digest: digest as string,
    bytes: bytes as number,
    ...(name !== undefined && { name }),
    ...(mediaType !== undefined && { mediaType }),
  };
}

function malformed(): MessagingError {
  return new MessagingError("AttachmentRefused", "The attachment's pointer is malformed: nothing was opened.");
}
