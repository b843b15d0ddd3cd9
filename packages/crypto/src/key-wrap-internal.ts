import type { KeyObject } from "node:crypto";
import { commitmentBytes, sealMessage } from "./committing-aead.ts";
import { invariant } from "./invariant.ts";
import { tagBytes } from "./open-gcm.ts";
import type { RandomFill } from "./random.ts";
import type { SecretBytes } from "./secret-bytes.ts";

/** The first byte of wrapped material. Frozen. */
export const wrapFormat = 1;
/** The KDF's label. Frozen. */
export const wrapLabel = "coffer key wrap v1";

const nonceBytes = 32;
const wrappingKeyBytes = 32;

/** Where the fields start: format 1 | nonce 32 | commitment 32 | ciphertext | tag 16. Frozen. */
export const wrapOffsets = { nonce: 1, commitment: 1 + nonceBytes } as const;
/** How much longer wrapped material is than the material, in bytes. */
export const wrapOverheadBytes: number = wrapOffsets.commitment + commitmentBytes + tagBytes;

/** `wrapKeyMaterial` with the source of the nonce as a parameter, so that vectors can be frozen. Not exported from the package. */
export function wrapKeyMaterialFrom(
  fillRandom: RandomFill,
  wrappingKey: KeyObject,
  material: SecretBytes,
  identity: Uint8Array,
): Buffer {
  invariant(wrappingKey.symmetricKeySize === wrappingKeyBytes, "a wrapping key has 32 bytes");
  const out = Buffer.allocUnsafe(wrapOverheadBytes + material.byteLength);
  out[0] = wrapFormat;
  fillRandom(out, wrapOffsets.nonce, wrapOffsets.commitment);
  const frame = { material: wrappingKey, label: wrapLabel, commitmentOffset: wrapOffsets.commitment, aad: identity };
  material.use((bytes) => sealMessage(frame, out, bytes));
  return out;
}
