import { type CipherGCMTypes, createCipheriv, createDecipheriv, type KeyObject } from "node:crypto";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import type { KeySpec } from "../key-specs/row.ts";
import { tagBytes } from "../open-gcm.ts";

/** An AEAD of Transit: what it does with a key, a nonce and associated data. */
export interface TransitCipher {
  readonly keyBytes: number;
  readonly nonceBytes: number;
  /** Ciphertext and tag, into `out` from `offset` on. */
  readonly seal: (
    key: KeyObject,
    nonce: Buffer,
    plaintext: Uint8Array,
    aad: Uint8Array | undefined,
    out: Buffer,
  ) => void;
  /** The plaintext, for the caller to wipe; undefined for every cause of failure alike. */
  readonly open: (key: KeyObject, nonce: Buffer, sealed: Buffer, aad: Uint8Array | undefined) => Buffer | undefined;
}

/** AES-GCM (NIST SP 800-38D) or ChaCha20-Poly1305 (RFC 8439), nonces of 96 bits, tags of 128. */
function openssl(name: CipherGCMTypes | "chacha20-poly1305", keyBytes: number): TransitCipher {
  const nonceBytes = 12;
  // Node has an overload a family, which differ in nothing but the name.
  const cipherName = name as CipherGCMTypes;
  const options = { authTagLength: tagBytes };
  return {
    keyBytes,
    nonceBytes,
    seal(key, nonce, plaintext, aad, out) {
      const cipher = createCipheriv(cipherName, key, nonce, options);
      if (aad !== undefined) cipher.setAAD(aad);
      out.set(cipher.update(plaintext), nonceBytes);
      cipher.final();
      out.set(cipher.getAuthTag(), nonceBytes + plaintext.length);
    },
    open(key, nonce, sealed, aad) {
      const decipher = createDecipheriv(cipherName, key, nonce, options);
      const tagOffset = sealed.length - tagBytes;
      if (aad !== undefined) decipher.setAAD(aad);
      decipher.setAuthTag(sealed.subarray(tagOffset));
      const plaintext = decipher.update(sealed.subarray(0, tagOffset));
      try {
        decipher.final();
      } catch {
        plaintext.fill(0);
        return undefined;
      }
      return plaintext;
    },
  };
}

const xNonceBytes = 24;

/** XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): nonces of 192 bits. OpenSSL lacks it. */
const xchacha: TransitCipher = {
  keyBytes: 32,
  nonceBytes: xNonceBytes,
  seal(key, nonce, plaintext, aad, out) {
    const secret = key.export();
    try {
      out.set(xchacha20poly1305(secret, nonce, aad).encrypt(plaintext), xNonceBytes);
    } finally {
      secret.fill(0);
    }
  },
  open(key, nonce, sealed, aad) {
    const secret = key.export();
    try {
      return Buffer.from(xchacha20poly1305(secret, nonce, aad).decrypt(sealed).buffer);
    } catch {
      return undefined;
    } finally {
      secret.fill(0);
    }
  },
};

const rows: ReadonlyMap<KeySpec, TransitCipher> = new Map([
  ["AES_128", openssl("aes-128-gcm", 16)],
  ["SYMMETRIC_DEFAULT", openssl("aes-256-gcm", 32)],
  ["CHACHA20_POLY1305", openssl("chacha20-poly1305", 32)],
  ["XCHACHA20_POLY1305", xchacha],
]);

const byName: ReadonlyMap<string, TransitCipher> = rows;

/** The AEAD that Transit encrypts with under keys of a spec; undefined where it has none. */
export function findTransitCipher(spec: string): TransitCipher | undefined {
  return byName.get(spec);
}
