import { type Cipheriv, createCipheriv, createDecipheriv, type Decipheriv, type KeyObject } from "node:crypto";
import { tagBytes } from "../message/header.ts";

/**
 * Bytes that go through OpenSSL at once. What it gives is memory of its own, whose release costs most of the time when it is
 * left to the garbage collector or larger than this; see docs/decisions/0025.
 */
const pieceBytes = 65_536;

/** Seals a frame's content into a target. @returns how many bytes: as long as the plaintext, and its tag */
export function sealInto(
  key: KeyObject,
  iv: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
  target: Uint8Array,
): number {
  const cipher = createCipheriv(cipherName(key), key, iv, { authTagLength: tagBytes });
  cipher.setAAD(aad);
  updateInto(cipher, plaintext, target);
  cipher.final();
  target.set(cipher.getAuthTag(), plaintext.length);
  return plaintext.length + tagBytes;
}

/** Opens a frame's content into a target. @returns whether its tag was right; if not, the target holds zeros */
export function openInto(
  key: KeyObject,
  iv: Uint8Array,
  aad: Uint8Array,
  ciphertext: Uint8Array,
  tag: Uint8Array,
  target: Uint8Array,
): boolean {
  const decipher = createDecipheriv(cipherName(key), key, iv, { authTagLength: tagBytes });
  decipher.setAAD(aad);
  decipher.setAuthTag(tag);
  updateInto(decipher, ciphertext, target);
  try {
    decipher.final();
    return true;
  } catch {
    target.fill(0, 0, ciphertext.length);
    return false;
  }
}

function updateInto(cipher: Cipheriv | Decipheriv, input: Uint8Array, target: Uint8Array): void {
  for (let offset = 0; offset < input.length; offset += pieceBytes) {
    const piece = cipher.update(input.subarray(offset, offset + pieceBytes));
    target.set(piece, offset);
    const { buffer } = piece;
    if (buffer instanceof ArrayBuffer && buffer.byteLength === piece.length) buffer.transfer(0);
  }
}

function cipherName(key: KeyObject): "aes-256-gcm" {
  return `aes-${(key.symmetricKeySize ?? 0) * 8}-gcm` as "aes-256-gcm";
}
