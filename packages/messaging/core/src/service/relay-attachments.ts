import { type AttachmentPointer, parseAttachmentPointer } from "../attachments/attachment-pointer.ts";
import { decryptAttachment } from "../attachments/decrypt-attachment.ts";
import { type AttachmentDescription, encryptAttachment } from "../attachments/encrypt-attachment.ts";
import type { RelaySession } from "../relay-client/relay-session.ts";

/** Encrypts an attachment and puts it to the relay as a blob, which is written once. */
export async function uploadAttachment(
  relay: RelaySession,
  content: Uint8Array,
  description: AttachmentDescription | undefined,
): Promise<AttachmentPointer> {
  const { blobId, ciphertext, pointer } = encryptAttachment(content, description);
  const chunks: Uint8Array[] = [];
  for await (const chunk of ciphertext) chunks.push(chunk);
  const whole = new Uint8Array(chunks.reduce((bytes, chunk) => bytes + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  await relay.putOctets(`/v1/blobs/${blobId}`, whole);
  return pointer;
}

/** Fetches a blob and opens it. @param pointer untrusted */
export async function downloadAttachment(relay: RelaySession, pointer: unknown): Promise<Uint8Array> {
  const checked = parseAttachmentPointer(pointer);
  return decryptAttachment(await relay.getOctets(`/v1/blobs/${checked.blobId}`), checked);
}
