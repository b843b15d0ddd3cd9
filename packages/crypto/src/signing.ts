import { createPrivateKey, createPublicKey, generateKeyPairSync, KeyObject, sign, verify } from "node:crypto";
import { invariant } from "./invariant.ts";
import { SecretBytes } from "./secret-bytes.ts";

/** An Ed25519 key pair. */
export interface SigningKeyPair {
  /** PKCS #8, DER (RFC 8410). */
  readonly privateKey: SecretBytes;
  /** SubjectPublicKeyInfo, PEM (RFC 8410). */
  readonly publicKeyPem: string;
}

/** A new Ed25519 key pair (RFC 8032). */
export function generateSigningKeyPair(): SigningKeyPair {
  const pair = generateKeyPairSync("ed25519", {
    privateKeyEncoding: { format: "der", type: "pkcs8" },
    publicKeyEncoding: { format: "pem", type: "spki" },
  });
  return { privateKey: SecretBytes.takeFrom(pair.privateKey), publicKeyPem: pair.publicKey };
}

/**
 * Signs with Ed25519: 64 bytes, always the same for the same input.
 *
 * @param privateKey PKCS #8 DER, or a loaded key: the latter saves parsing where one key signs often
 * @throws CryptoInvariantError when the key is not an Ed25519 private key
 */
export function signBytes(privateKey: SecretBytes | KeyObject, bytes: Uint8Array): Buffer {
  const key = privateKey instanceof KeyObject ? privateKey : loadPrivateKey(privateKey);
  invariant(key.type === "private" && key.asymmetricKeyType === "ed25519", "an Ed25519 private key signs");
  return sign(null, bytes, key);
}

/** Whether `signature` is that of `bytes` by this Ed25519 key. False as well when the PEM holds no such key; never throws. */
export function verifyBytes(publicKeyPem: string, bytes: Uint8Array, signature: Uint8Array): boolean {
  const key = loadPublicKey(publicKeyPem);
  return key?.asymmetricKeyType === "ed25519" && verify(null, bytes, key, signature);
}

function loadPrivateKey(privateKey: SecretBytes): KeyObject {
  // The cause is dropped: an OpenSSL error about a secret's encoding has no place in a log.
  const key = privateKey.use((der) => {
    try {
      return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    } catch {
      return undefined;
    }
  });
  invariant(key !== undefined, "a signing key is PKCS #8 DER");
  return key;
}

function loadPublicKey(publicKeyPem: string): KeyObject | undefined {
  try {
    return createPublicKey({ key: publicKeyPem, format: "pem" });
  } catch {
    return undefined;
  }
}
