import { sha256 } from "./digest.ts";
import type { ExternalCiphertext } from "./external-ciphertext.ts";
import { invariant } from "./invariant.ts";
import { keyIdBytes, readKeyId, writeKeyId } from "./kms-key-id.ts";
import { tagBytes } from "./open-gcm.ts";

/** A KMS ciphertext blob of a key in an external key store, in the clear. Nothing of it is authentic yet. */
export interface ExternalBlob {
  readonly algorithm: "XKS-AES-GCM";
  readonly keyId: string;
  readonly keyVersion: number;
  /** What goes to the external key store proxy. Views on what was parsed. */
  readonly parts: ExternalCiphertext;
}

/** Magic, format 2, algorithm 1 (AES-GCM of the XKS Proxy API version 1). Frozen. */
const start = Buffer.from([0x01, 0x43, 0x46, 0x52, 2, 1]);
const kindOffset = start.length;
const keyIdOffset = kindOffset + 1;
const versionOffset = keyIdOffset + keyIdBytes;
const headerBytes = versionOffset + 4;
const ivLengthOffset = headerBytes;
const metadataLengthOffset = headerBytes + 1;
const ivOffset = headerBytes + 2;
const maxMetadataBytes = 20;
const ivLengths: readonly number[] = [12, 16];

/**
 * What an external key store proxy is given as additional authenticated data: the blob's header, then the SHA-256 of the
 * canonical encryption context, which so stays here. Always 59 bytes.
 *
 * @throws CryptoInvariantError when `keyId` is no key id
 */
export function externalBlobAad(keyId: string, keyVersion: number, aad: Uint8Array): Buffer {
  return Buffer.concat([header(keyId, keyVersion), sha256(aad)]);
}

/**
 * Puts a blob together from what the proxy answered, format 2:
 *
 * magic 01 "CFR" | format u8 = 2 | algorithm u8 = 1 | key id kind u8 | key id 16 | key version u32be
 * | length of iv u8 | length of metadata u8 | iv | metadata | tag 16 | ciphertext
 *
 * The plaintext that the proxy encrypted is itself a blob of format 1 under the key's own material: both keys are needed.
 */
export function encodeExternalBlob(keyId: string, keyVersion: number, parts: ExternalCiphertext): Buffer {
  const { ciphertext, metadata, iv, tag } = parts;
  invariant(ivLengths.includes(iv.length) && metadata.length <= maxMetadataBytes, "iv and metadata fit the format");
  invariant(tag.length === tagBytes && ciphertext.length > 0, "tag and ciphertext fit the format");
  const lengths = Buffer.from([iv.length, metadata.length]);
  return Buffer.concat([header(keyId, keyVersion), lengths, iv, metadata, tag, ciphertext]);
}

/** Reads a blob. Undefined for anything that {@link encodeExternalBlob} cannot have made; never throws. */
export function parseExternalBlob(blob: Uint8Array): ExternalBlob | undefined {
  if (blob.length <= ivOffset) return undefined;
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.length);
  if (start.compare(bytes, 0, start.length) !== 0) return undefined;
  const keyId = readKeyId(bytes.readUInt8(kindOffset), bytes, keyIdOffset);
  const keyVersion = bytes.readUInt32BE(versionOffset);
  const ivBytes = bytes.readUInt8(ivLengthOffset);
  const metadataBytes = bytes.readUInt8(metadataLengthOffset);
  if (keyId === undefined || keyVersion === 0) return undefined;
  if (!ivLengths.includes(ivBytes) || metadataBytes > maxMetadataBytes) return undefined;
  const metadataOffset = ivOffset + ivBytes;
  const tagOffset = metadataOffset + metadataBytes;
  const ciphertextOffset = tagOffset + tagBytes;
  if (bytes.length <= ciphertextOffset) return undefined;
  const parts = {
    iv: bytes.subarray(ivOffset, metadataOffset),
    metadata: bytes.subarray(metadataOffset, tagOffset),
    tag: bytes.subarray(tagOffset, ciphertextOffset),
    ciphertext: bytes.subarray(ciphertextOffset),
  };
  return { algorithm: "XKS-AES-GCM", keyId, keyVersion, parts };
}

function header(keyId: string, keyVersion: number): Buffer {
  const out = Buffer.alloc(headerBytes);
  out.set(start, 0);
  const kind = writeKeyId(keyId, out, keyIdOffset);
  invariant(kind !== undefined, "a key id is a lowercase UUID or mrk- and 32 hex digits");
  out[kindOffset] = kind;
  out.writeUInt32BE(keyVersion, versionOffset);
  return out;
}
