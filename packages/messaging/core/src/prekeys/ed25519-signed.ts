import { ed25519 } from "@noble/curves/ed25519.js";

/**
 * Whether a signature is that of a message by a key, read strictly (RFC 8032, section 5.1.7): points and numbers are written
 * the one way that there is, and the key is of no small order.
 *
 * @param signature 64 bytes; of any other length it is none
 */
export function isEd25519Signed(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, key, { zip215: false });
  } catch {
    return false;
  }
}
