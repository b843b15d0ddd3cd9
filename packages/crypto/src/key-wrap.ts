import type { KeyObject } from "node:crypto";
import { openMessage } from "./committing-aead.ts";
import { wrapFormat, wrapKeyMaterialFrom, wrapLabel, wrapOffsets, wrapOverheadBytes } from "./key-wrap-internal.ts";
import { fillRandomPooled } from "./random.ts";
import { SecretBytes } from "./secret-bytes.ts";

/**
 * Wraps a secret for storage: format 1 | nonce 32 | commitment 32 | ciphertext | tag 16, with keys of its own from
 * {@link deriveMessageKeys} (label "coffer key wrap v1", format and nonce as context) and AES-256-GCM, which
 * authenticates all bytes before the ciphertext, then `identity`. Any number of secrets may go under one wrapping key.
 *
 * @param wrappingKey 32 bytes
 * @param identity what the secret is, see `encodeIdentity`: it unwraps as nothing else
 * @throws CryptoInvariantError when the wrapping key has another length or the secret is disposed of
 */
export function wrapKeyMaterial(wrappingKey: KeyObject, material: SecretBytes, identity: Uint8Array): Buffer {
  return wrapKeyMaterialFrom(fillRandomPooled, wrappingKey, material, identity);
}

/** Unwraps what {@link wrapKeyMaterial} made. Undefined for every cause of failure alike; never throws on bad bytes. */
export function unwrapKeyMaterial(
  wrappingKey: KeyObject,
  wrapped: Uint8Array,
  identity: Uint8Array,
): SecretBytes | undefined {
  if (wrapped.length < wrapOverheadBytes || wrapped[0] !== wrapFormat) return undefined;
  const bytes = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.length);
  const frame = { material: wrappingKey, label: wrapLabel, commitmentOffset: wrapOffsets.commitment, aad: identity };
  const plaintext = openMessage(frame, bytes);
  return plaintext === undefined ? undefined : SecretBytes.takeFrom(plaintext);
}
