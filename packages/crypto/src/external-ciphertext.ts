import type { KeyObject } from "node:crypto";
import { sha256 } from "./digest.ts";
import {
  type ExternalInput,
  encryptExternalFrom,
  externalAad,
  externalFormat,
  externalIvBytes,
  externalLabel,
  externalMetadataBytes,
} from "./external-ciphertext-internal.ts";
import { deriveMessageKeys } from "./message-keys.ts";
import { openGcm, tagBytes } from "./open-gcm.ts";
import { fillRandomPooled } from "./random.ts";

/** The parts of a ciphertext as the API of AWS's external key stores passes them (XKS Proxy API 1.0: Encrypt). */
export interface ExternalCiphertext {
  /** As long as the plaintext. */
  readonly ciphertext: Uint8Array;
  /** At most 20 bytes. */
  readonly metadata: Uint8Array;
  /** 12 or 16 bytes. */
  readonly iv: Uint8Array;
  /** 16 bytes. */
  readonly tag: Uint8Array;
}

/**
 * Encrypts under a key's material for a KMS that uses the key through the XKS Proxy API:
 *
 * metadata = format u8 = 1 | key version u32be | salt 15; iv 12, both random
 *
 * Each message has an AES-256 key of its own, derived by {@link deriveMessageKeys} with label "coffer xks v1" and
 * metadata || iv as context: 27 random bytes keep the keys apart, so there is no ceiling of 2^32 messages. Cipher:
 * AES-256-GCM (NIST SP 800-38D) with that IV and, as the API asks, the AAD
 * length of aad u16be | aad | length of metadata u8 | metadata. The API has no room for a key commitment: whoever needs
 * one commits in what it lets encrypt.
 *
 * @throws CryptoInvariantError when material, version or the length of `aad` (at most 65,535 bytes) is not as asked
 */
export function encryptExternal(input: ExternalInput): ExternalCiphertext {
  return encryptExternalFrom(fillRandomPooled, input);
}

/** The key version that made a ciphertext; undefined for metadata that {@link encryptExternal} cannot have made. */
export function externalKeyVersion(metadata: Uint8Array): number | undefined {
  if (metadata.length !== externalMetadataBytes || metadata[0] !== externalFormat) return undefined;
  const version = Buffer.from(metadata.buffer, metadata.byteOffset, metadata.length).readUInt32BE(1);
  return version === 0 ? undefined : version;
}

/**
 * Decrypts what {@link encryptExternal} made.
 *
 * @returns the plaintext in a fresh buffer, which the caller wipes, or undefined for every cause of failure alike
 */
export function decryptExternal(parts: ExternalCiphertext, material: KeyObject, aad: Uint8Array): Buffer | undefined {
  const { ciphertext, metadata, iv, tag } = parts;
  if (externalKeyVersion(metadata) === undefined) return undefined;
  if (iv.length !== externalIvBytes || tag.length !== tagBytes) return undefined;
  const { encryptionKey } = deriveMessageKeys(material, externalLabel, Buffer.concat([metadata, iv]));
  const plaintext = openGcm(encryptionKey, { iv, ciphertext, tag, aad: externalAad(aad, metadata) });
  encryptionKey.fill(0);
  return plaintext;
}

/**
 * The ciphertext data integrity value: SHA-256 over aad || metadata || iv || ciphertext || tag (XKS Proxy API 1.0,
 * appendix C). It tells of accidents, not of attackers.
 */
export function externalIntegrityValue(parts: ExternalCiphertext, aad: Uint8Array): Buffer {
  return sha256(aad, parts.metadata, parts.iv, parts.ciphertext, parts.tag);
}
