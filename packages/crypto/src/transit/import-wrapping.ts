import { constants, createCipheriv, type KeyObject, privateDecrypt, publicEncrypt } from "node:crypto";
import { type EncryptionAlgorithmRow, oaep } from "../encryption-algorithms.ts";
import { alternativeIv, unwrapPadded } from "../import-wrapping.ts";
import { SecretBytes } from "../secret-bytes.ts";
import { modulusBytes } from "../signing/rsa-raw.ts";

/** The hash of the OAEP under which an AES key travels with wrapped material. */
export interface ImportHash {
  /** OpenSSL's name. */
  readonly opensslName: string;
  /** The key under OAEP; undefined for every cause of failure alike. */
  readonly decrypt: EncryptionAlgorithmRow["decrypt"];
}

function row(opensslName: string, webHash: string, hashBytes: number): ImportHash {
  const { decrypt } = oaep(`OAEP with ${opensslName}`, opensslName, webHash, hashBytes);
  return { opensslName, decrypt };
}

/** WebCrypto, which is off the event loop, lacks it. */
const sha224: ImportHash = {
  opensslName: "sha224",
  decrypt(key, ciphertext) {
    try {
      return privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha224" }, ciphertext);
    } catch {
      return undefined;
    }
  },
};

const hashes: ReadonlyMap<string, ImportHash> = new Map([
  ["SHA1", row("sha1", "SHA-1", 20)],
  ["SHA224", sha224],
  ["SHA256", row("sha256", "SHA-256", 32)],
  ["SHA384", row("sha384", "SHA-384", 48)],
  ["SHA512", row("sha512", "SHA-512", 64)],
]);

/** The hash of an untrusted name, as Transit writes it, in any case. */
export function findImportHash(name: string): ImportHash | undefined {
  return hashes.get(name.toUpperCase());
}

const aesKeyBytes = 32;

/**
 * Opens material that was wrapped for Transit: an AES-256 key under RSA-OAEP, then the material under that by AES key wrap
 * with padding (RFC 5649; PKCS #11: CKM_RSA_AES_KEY_WRAP).
 *
 * @param wrapped untrusted
 * @returns undefined for every cause of failure alike
 */
export async function unwrapForTransit(
  privateKey: KeyObject,
  { decrypt }: ImportHash,
  wrapped: Buffer,
): Promise<SecretBytes | undefined> {
  const room = modulusBytes(privateKey);
  const key = await decrypt(privateKey, wrapped.subarray(0, room));
  if (key === undefined) return undefined;
  try {
    return key.length === aesKeyBytes ? unwrapPadded(key, wrapped.subarray(room)) : undefined;
  } finally {
    key.fill(0);
  }
}

/** Wraps material for Transit, as `unwrapForTransit` opens it. */
export function wrapForTransit(publicKey: KeyObject, { opensslName }: ImportHash, material: SecretBytes): Buffer {
  using key = SecretBytes.random(aesKeyBytes);
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const wrappedKey = key.use((bytes) => publicEncrypt({ key: publicKey, padding, oaepHash: opensslName }, bytes));
  const wrapped = key.use((bytes) =>
    material.use((secret) => createCipheriv("id-aes256-wrap-pad", bytes, alternativeIv).update(secret)),
  );
  return Buffer.concat([wrappedKey, wrapped]);
}
