import type { KeyObject } from "node:crypto";
import { openMessage } from "./committing-aead.ts";
import {
  blobLabel,
  blobOffsets,
  blobStart,
  encryptKmsBlobFrom,
  type KmsBlobInput,
  kmsBlobOverheadBytes,
} from "./kms-blob-internal.ts";
import { readKeyId } from "./kms-key-id.ts";
import { fillRandomPooled } from "./random.ts";

/** What a blob says in the clear. Nothing of it is authentic before {@link decryptKmsBlob} has opened the blob. */
export interface KmsBlob {
  readonly algorithm: "AES-256-GCM-HMAC-SHA512-COMMIT";
  readonly keyId: string;
  readonly keyVersion: number;
  /** The whole blob: a view on what was parsed, which stays as it is until decryption. */
  readonly bytes: Buffer;
}

/**
 * Encrypts under a key's material into a KMS ciphertext blob, format 1:
 *
 * magic 01 "CFR" | format u8 = 1 | algorithm u8 = 1 | key id kind u8 (0 UUID, 1 `mrk-`) | key id 16 | key version u32be
 * | message nonce 32 | commitment 32 | ciphertext | tag 16
 *
 * The message's own AES-256 key and its commitment come from the material by {@link deriveMessageKeys}, with label
 * "coffer kms blob v1" and all bytes up to the commitment as context. All bytes before the ciphertext, then `aad`, are
 * authenticated by AES-256-GCM (NIST SP 800-38D) with an all-zero IV.
 *
 * @returns a fresh buffer, `kmsBlobOverheadBytes` longer than the plaintext
 * @throws CryptoInvariantError when material, key id or key version are not of the form that `KmsBlobInput` asks for
 */
export function encryptKmsBlob(input: KmsBlobInput): Buffer {
  return encryptKmsBlobFrom(fillRandomPooled, input);
}

/** Reads a blob's header. Undefined for anything that {@link encryptKmsBlob} cannot have made; never throws. */
export function parseKmsBlob(blob: Uint8Array): KmsBlob | undefined {
  if (blob.length < kmsBlobOverheadBytes) return undefined;
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.length);
  if (blobStart.compare(bytes, 0, blobStart.length) !== 0) return undefined;
  const keyId = readKeyId(bytes.readUInt8(blobOffsets.keyIdKind), bytes, blobOffsets.keyId);
  const keyVersion = bytes.readUInt32BE(blobOffsets.keyVersion);
  if (keyId === undefined || keyVersion === 0) return undefined;
  return { algorithm: "AES-256-GCM-HMAC-SHA512-COMMIT", keyId, keyVersion, bytes };
}

/**
 * Decrypts a parsed blob.
 *
 * @param aad the canonical encryption context that the blob was made with
 * @returns the plaintext in a fresh buffer, which the caller wipes, or undefined for every cause of failure alike
 */
export function decryptKmsBlob(parsed: KmsBlob, material: KeyObject, aad: Uint8Array): Buffer | undefined {
  const frame = { material, label: blobLabel, commitmentOffset: blobOffsets.commitment, aad };
  return openMessage(frame, parsed.bytes);
}
