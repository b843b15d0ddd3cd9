import {
  constants,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
} from "node:crypto";
import { decryptionFailed } from "../errors.ts";
import type { RsaDecryptionKey, RsaEncryptionKey, RsaPadding } from "./platform.ts";
import { checkModulus, notRsa, rsaPaddings } from "./rsa-padding.ts";

/** An RSA public key that OpenSSL holds. */
export function rsaEncryptionKey(spki: Uint8Array, padding: RsaPadding): RsaEncryptionKey {
  const key = checked("public", () => createPublicKey({ key: bufferOf(spki), format: "der", type: "spki" }));
  const options = { key, ...paddingOf(padding) };
  return { encrypt: (plaintext) => publicEncrypt(options, plaintext) };
}

/**
 * An RSA private key that OpenSSL holds. With PKCS #1 v1.5 OpenSSL gives random bytes for a wrong padding, the same ones
 * for the same ciphertext ("implicit rejection").
 */
export function rsaDecryptionKey(pkcs8: Uint8Array, padding: RsaPadding): RsaDecryptionKey {
  const key = checked("private", () => createPrivateKey({ key: bufferOf(pkcs8), format: "der", type: "pkcs8" }));
  const options = { key, ...paddingOf(padding) };
  return {
    decrypt(ciphertext) {
      try {
        return privateDecrypt(options, ciphertext);
      } catch {
        throw decryptionFailed();
      }
    },
  };
}

/** The same memory, so that nothing is left to wipe. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function checked(half: "public" | "private", load: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = load();
  } catch {
    throw notRsa(half);
  }
  if (key.asymmetricKeyType !== "rsa") throw notRsa(half);
  checkModulus(key.asymmetricKeyDetails?.modulusLength ?? 0);
  return key;
}

function paddingOf(padding: RsaPadding): { padding: number; oaepHash?: string } {
  const hash = rsaPaddings.get(padding);
  return hash === undefined
    ? { padding: constants.RSA_PKCS1_PADDING }
    : { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash.node };
}
