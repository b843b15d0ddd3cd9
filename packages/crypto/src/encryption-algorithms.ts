import { constants, type KeyObject, publicEncrypt } from "node:crypto";
import { invariant } from "./invariant.ts";
import { modulusBytes } from "./signing/rsa-raw.ts";

/** One algorithm of asymmetric encryption: its name in AWS KMS, and what it does with a pair. */
export interface EncryptionAlgorithmRow {
  readonly name: string;
  /** The longest message that fits under this key. */
  readonly maxPlaintextBytes: (publicKey: KeyObject) => number;
  /** @throws CryptoInvariantError when the plaintext is longer than that */
  readonly encrypt: (publicKey: KeyObject, plaintext: Uint8Array) => Buffer | Promise<Buffer>;
  /** The plaintext under an untrusted ciphertext, for the caller to wipe. Undefined for every cause of failure alike. */
  readonly decrypt: (privateKey: KeyObject, ciphertext: Uint8Array) => Buffer | undefined | Promise<Buffer | undefined>;
}

/**
 * RSAES-OAEP (RFC 8017 section 7.1), MGF1 with the same hash, no label.
 *
 * Decryption is WebCrypto's: it runs on the thread pool, which `privateDecrypt` does not.
 */
export function oaep(name: string, hashName: string, webHash: string, hashBytes: number): EncryptionAlgorithmRow {
  const decryptionKeys = new WeakMap<KeyObject, CryptoKey>();
  const maxPlaintextBytes = (key: KeyObject) => modulusBytes(key) - 2 * hashBytes - 2;
  return {
    name,
    maxPlaintextBytes,
    encrypt(publicKey, plaintext) {
      invariant(plaintext.length <= maxPlaintextBytes(publicKey), "a plaintext fits under its key");
      const padding = constants.RSA_PKCS1_OAEP_PADDING;
      return publicEncrypt({ key: publicKey, padding, oaepHash: hashName }, plaintext);
    },
    async decrypt(privateKey, ciphertext) {
      if (ciphertext.length !== modulusBytes(privateKey)) return undefined;
      let key = decryptionKeys.get(privateKey);
      if (key === undefined) {
        key = privateKey.toCryptoKey({ name: "RSA-OAEP", hash: webHash }, false, ["decrypt"]);
        decryptionKeys.set(privateKey, key);
      }
      try {
        return Buffer.from(await crypto.subtle.decrypt({ name: "RSA-OAEP" }, key, Buffer.from(ciphertext)));
      } catch {
        return undefined;
      }
    },
  };
}

const rows: readonly EncryptionAlgorithmRow[] = [
  oaep("RSAES_OAEP_SHA_1", "sha1", "SHA-1", 20),
  oaep("RSAES_OAEP_SHA_256", "sha256", "SHA-256", 32),
];

const rowsByName: ReadonlyMap<string, EncryptionAlgorithmRow> = new Map(rows.map((row) => [row.name, row]));

/** The row of an untrusted algorithm name, exactly as AWS KMS writes it. */
export function findEncryptionAlgorithm(name: string): EncryptionAlgorithmRow | undefined {
  return rowsByName.get(name);
}
