import { createDecipheriv, type KeyObject } from "node:crypto";
import { findEncryptionAlgorithm } from "./encryption-algorithms.ts";
import { invariant } from "./invariant.ts";
import { SecretBytes } from "./secret-bytes.ts";
import { modulusBytes } from "./signing/rsa-raw.ts";

/** One way in which key material travels to be imported: its name in AWS KMS, and how it is unwrapped. */
export interface ImportWrappingRow {
  readonly name: string;
  /**
   * The key material. Undefined for every cause of failure alike.
   *
   * @param privateKey the RSA private key of the wrapping pair
   * @param wrapped untrusted
   */
  readonly unwrap: (privateKey: KeyObject, wrapped: Uint8Array) => Promise<SecretBytes | undefined>;
}

/** The key specs that a wrapping pair may have. */
export const importWrappingKeySpecs: ReadonlySet<string> = new Set(["RSA_2048", "RSA_3072", "RSA_4096"]);

/** AWS KMS withdrew RSAES_PKCS1_V1_5 on 2023-10-10. SM2PKE is of its China regions alone, and Node has no SM2. */
const rows: readonly ImportWrappingRow[] = [
  oaep("RSAES_OAEP_SHA_1"),
  oaep("RSAES_OAEP_SHA_256"),
  aesKeyWrap("RSA_AES_KEY_WRAP_SHA_1", "RSAES_OAEP_SHA_1"),
  aesKeyWrap("RSA_AES_KEY_WRAP_SHA_256", "RSAES_OAEP_SHA_256"),
];

const rowsByName: ReadonlyMap<string, ImportWrappingRow> = new Map(rows.map((row) => [row.name, row]));

/** The row of an untrusted wrapping algorithm name, exactly as AWS KMS writes it. */
export function findImportWrapping(name: string): ImportWrappingRow | undefined {
  return rowsByName.get(name);
}

/** The material itself under RSA-OAEP (RFC 8017 section 7.1) with an empty label. */
function oaep(name: string): ImportWrappingRow {
  return {
    name,
    async unwrap(privateKey, wrapped) {
      const material = await decryptOaep(name, privateKey, wrapped);
      return material === undefined ? undefined : SecretBytes.takeFrom(material);
    },
  };
}

const aesKeyBytes = 32;

/**
 * PKCS #11's CKM_RSA_AES_KEY_WRAP (version 3.0, section 2.1.21): an AES-256 key under RSA-OAEP, as long as the modulus,
 * then the material under that key by AES key wrap with padding (RFC 5649).
 */
function aesKeyWrap(name: string, encryption: string): ImportWrappingRow {
  return {
    name,
    async unwrap(privateKey, wrapped) {
      const keyBytes = modulusBytes(privateKey);
      const key = await decryptOaep(encryption, privateKey, wrapped.subarray(0, keyBytes));
      if (key === undefined) return undefined;
      const material = key.length === aesKeyBytes ? unwrapPadded(key, wrapped.subarray(keyBytes)) : undefined;
      key.fill(0);
      return material;
    },
  };
}

async function decryptOaep(name: string, privateKey: KeyObject, wrapped: Uint8Array): Promise<Buffer | undefined> {
  const encryption = findEncryptionAlgorithm(name);
  invariant(encryption !== undefined, "a wrapping algorithm names its encryption");
  const plaintext = await encryption.decrypt(privateKey, wrapped);
  // No key material is empty, and no SecretBytes should be.
  return plaintext?.length === 0 ? undefined : plaintext;
}

// RFC 5649 section 3: the constant of the alternative initial value; OpenSSL appends the length.
export const alternativeIv = Buffer.from("a65959a6", "hex");
// One semiblock for the initial value, and at least one of material.
const leastWrappedBytes = 16;

/** Unwraps material by AES key wrap with padding. Undefined for every cause of failure alike. */
export function unwrapPadded(key: Buffer, wrapped: Uint8Array): SecretBytes | undefined {
  // OpenSSL takes no bytes at all for a wrapped nothing.
  if (wrapped.length < leastWrappedBytes) return undefined;
  const decipher = createDecipheriv("id-aes256-wrap-pad", key, alternativeIv);
  try {
    return SecretBytes.takeFrom(decipher.update(wrapped));
  } catch {
    return undefined;
  }
}
