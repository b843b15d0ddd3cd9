import { createCipheriv, type KeyObject } from "node:crypto";
import type { ExternalCiphertext } from "./external-ciphertext.ts";
import { invariant } from "./invariant.ts";
import { deriveMessageKeys } from "./message-keys.ts";
import type { RandomFill } from "./random.ts";

/** What goes into a ciphertext for an external KMS. */
export interface ExternalInput {
  /** The key version's material, 32 bytes. */
  readonly material: KeyObject;
  /** 1 to 2^32 - 1. */
  readonly keyVersion: number;
  readonly plaintext: Uint8Array;
  /** The caller's additional authenticated data; empty for none. */
  readonly aad: Uint8Array;
}

/** The first byte of the metadata. Frozen. */
export const externalFormat = 1;
/** The KDF's label. Frozen. */
export const externalLabel = "coffer xks v1";
/** Format, key version and salt: the most that the API allows. Frozen. */
export const externalMetadataBytes = 20;
/** Frozen. */
export const externalIvBytes = 12;

const versionOffset = 1;
const saltOffset = versionOffset + 4;
const materialBytes = 32;
const maxKeyVersion = 0xffff_ffff;
const maxAadBytes = 0xffff;

/** `encryptExternal` with the source of salt and IV as a parameter, so that vectors can be frozen. Not exported from the package. */
export function encryptExternalFrom(fillRandom: RandomFill, input: ExternalInput): ExternalCiphertext {
  const { material, keyVersion, plaintext, aad } = input;
  invariant(material.symmetricKeySize === materialBytes, "key material has 32 bytes");
  invariant(
    Number.isInteger(keyVersion) && keyVersion >= 1 && keyVersion <= maxKeyVersion,
    "a key version is from 1 to 2^32 - 1",
  );
  const context = Buffer.allocUnsafe(externalMetadataBytes + externalIvBytes);
  context[0] = externalFormat;
  context.writeUInt32BE(keyVersion, versionOffset);
  fillRandom(context, saltOffset, context.length);
  const metadata = context.subarray(0, externalMetadataBytes);
  const iv = context.subarray(externalMetadataBytes);
  const { encryptionKey } = deriveMessageKeys(material, externalLabel, context);
  const cipher = createCipheriv("aes-256-gcm", encryptionKey, iv);
  encryptionKey.fill(0);
  cipher.setAAD(externalAad(aad, metadata));
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return { ciphertext, metadata, iv, tag: cipher.getAuthTag() };
}

/** The AAD of the cipher (XKS Proxy API 1.0: `ciphertextMetadata`). */
export function externalAad(aad: Uint8Array, metadata: Uint8Array): Buffer {
  invariant(aad.length <= maxAadBytes, "additional authenticated data has at most 65,535 bytes");
  const joined = Buffer.allocUnsafe(2 + aad.length + 1 + metadata.length);
  joined.writeUInt16BE(aad.length, 0);
  joined.set(aad, 2);
  joined.writeUInt8(metadata.length, 2 + aad.length);
  joined.set(metadata, 3 + aad.length);
  return joined;
}
