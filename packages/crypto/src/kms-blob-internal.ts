import type { KeyObject } from "node:crypto";
import { commitmentBytes, sealMessage } from "./committing-aead.ts";
import { invariant } from "./invariant.ts";
import { keyIdBytes, writeKeyId } from "./kms-key-id.ts";
import { tagBytes } from "./open-gcm.ts";
import type { RandomFill } from "./random.ts";

/** What goes into a KMS ciphertext blob. */
export interface KmsBlobInput {
  /** The key version's material, 32 bytes. */
  readonly material: KeyObject;
  /** A lowercase UUID, or `mrk-` and 32 lowercase hex digits. */
  readonly keyId: string;
  /** 1 to 2^32 - 1. */
  readonly keyVersion: number;
  readonly plaintext: Uint8Array;
  /** The canonical encryption context, see `encodeEncryptionContext`. */
  readonly aad: Uint8Array;
  /** Always drawn at random: no caller chooses one. */
  readonly nonce?: never;
}

/** The first bytes of a blob: magic, format version 1, algorithm 1 (AES-256-GCM-HMAC-SHA512-COMMIT). Frozen. */
export const blobStart: Buffer = Buffer.from([0x01, 0x43, 0x46, 0x52, 1, 1]);
/** The KDF's label. Frozen. */
export const blobLabel = "coffer kms blob v1";

const nonceBytes = 32;
const materialBytes = 32;
const maxKeyVersion = 0xffff_ffff;

/** Where each field starts. Frozen. */
export const blobOffsets = {
  keyIdKind: blobStart.length,
  keyId: blobStart.length + 1,
  keyVersion: blobStart.length + 1 + keyIdBytes,
  nonce: blobStart.length + 1 + keyIdBytes + 4,
  commitment: blobStart.length + 1 + keyIdBytes + 4 + nonceBytes,
  ciphertext: blobStart.length + 1 + keyIdBytes + 4 + nonceBytes + commitmentBytes,
} as const;

/** How much longer a blob is than its plaintext, in bytes. */
export const kmsBlobOverheadBytes: number = blobOffsets.ciphertext + tagBytes;

/** `encryptKmsBlob` with the source of the nonce as a parameter, so that vectors can be frozen. Not exported from the package. */
export function encryptKmsBlobFrom(fillRandom: RandomFill, input: KmsBlobInput): Buffer {
  const { material, keyId, keyVersion, plaintext, aad } = input;
  invariant(material.symmetricKeySize === materialBytes, "key material has 32 bytes");
  invariant(
    Number.isInteger(keyVersion) && keyVersion >= 1 && keyVersion <= maxKeyVersion,
    "a key version is from 1 to 2^32 - 1",
  );
  const out = Buffer.allocUnsafe(kmsBlobOverheadBytes + plaintext.length);
  out.set(blobStart, 0);
  const keyIdKind = writeKeyId(keyId, out, blobOffsets.keyId);
  invariant(keyIdKind !== undefined, "a key id is a lowercase UUID or mrk- and 32 hex digits");
  out[blobOffsets.keyIdKind] = keyIdKind;
  out.writeUInt32BE(keyVersion, blobOffsets.keyVersion);
  fillRandom(out, blobOffsets.nonce, blobOffsets.commitment);
  sealMessage({ material, label: blobLabel, commitmentOffset: blobOffsets.commitment, aad }, out, plaintext);
  return out;
}
