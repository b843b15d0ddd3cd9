import { decryptionFailed, invalidInput } from "../errors.ts";
import type { RsaDecryptionKey, RsaEncryptionKey, RsaPadding } from "./platform.ts";
import { checkModulus, notRsa, rsaPaddings } from "./rsa-padding.ts";
import { owned } from "./web-bytes.ts";

/** An RSA public key of the Web Cryptography API. */
export async function rsaEncryptionKey(spki: Uint8Array, padding: RsaPadding): Promise<RsaEncryptionKey> {
  const key = await importKey("public", spki, padding);
  return {
    encrypt: async (plaintext) =>
      new Uint8Array(await crypto.subtle.encrypt({ name: "RSA-OAEP" }, key, owned(plaintext))),
  };
}

/** An RSA private key of the Web Cryptography API, which cannot be exported. */
export async function rsaDecryptionKey(pkcs8: Uint8Array, padding: RsaPadding): Promise<RsaDecryptionKey> {
  const key = await importKey("private", pkcs8, padding);
  return {
    async decrypt(ciphertext) {
      try {
        return new Uint8Array(await crypto.subtle.decrypt({ name: "RSA-OAEP" }, key, owned(ciphertext)));
      } catch {
        throw decryptionFailed();
      }
    },
  };
}

async function importKey(half: "public" | "private", bytes: Uint8Array, padding: RsaPadding): Promise<CryptoKey> {
  const hash = rsaPaddings.get(padding)?.web;
  if (hash === undefined) {
    throw invalidInput("The Web Cryptography API has no RSA with PKCS #1 v1.5 padding: take OAEP, or Node.js.");
  }
  const [format, usage] = half === "public" ? (["spki", "encrypt"] as const) : (["pkcs8", "decrypt"] as const);
  let key: CryptoKey;
  try {
    key = await crypto.subtle.importKey(format, owned(bytes), { name: "RSA-OAEP", hash }, false, [usage]);
  } catch {
    throw notRsa(half);
  }
  checkModulus((key.algorithm as { modulusLength?: number }).modulusLength ?? 0);
  return key;
}
