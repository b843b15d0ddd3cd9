import { createDecipheriv, type KeyObject } from "node:crypto";

/** Bytes of an AES-GCM tag. */
export const tagBytes = 16;

/** What AES-GCM made of a plaintext. */
export interface GcmMessage {
  /** 12 bytes. */
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  /** 16 bytes. */
  readonly tag: Uint8Array;
  readonly aad?: Uint8Array | undefined;
}

/**
 * Opens an AES-256-GCM message (NIST SP 800-38D).
 *
 * @param key 32 bytes, which the caller keeps owning
 * @returns the plaintext in a fresh buffer, which the caller wipes, or undefined for every cause of failure alike
 */
export function openGcm(key: KeyObject | Uint8Array, { iv, ciphertext, tag, aad }: GcmMessage): Buffer | undefined {
  const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: tagBytes });
  if (aad !== undefined) decipher.setAAD(aad);
  decipher.setAuthTag(tag);
  const plaintext = decipher.update(ciphertext);
  try {
    decipher.final();
  } catch {
    plaintext.fill(0);
    return undefined;
  }
  return plaintext;
}
