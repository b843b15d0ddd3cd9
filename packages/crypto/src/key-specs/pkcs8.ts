import { createPrivateKey, type KeyObject } from "node:crypto";
import { isWholeDerSequence } from "../der.ts";
import { invariant } from "../invariant.ts";
import { encodePublicKey, publicKeyOf } from "../public-key.ts";
import type { SecretBytes } from "../secret-bytes.ts";

/**
 * A private key from PKCS#8 DER (RFC 5958), untrusted.
 *
 * @returns undefined when it is anything else, or has bytes after its end, which OpenSSL would leave unread
 */
export function loadPkcs8(material: SecretBytes): KeyObject | undefined {
  return material.use((der) => {
    if (!isWholeDerSequence(der)) return undefined;
    try {
      return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    } catch {
      return undefined;
    }
  });
}

/**
 * The public key, as SubjectPublicKeyInfo DER, of a private key that its spec has just generated: it needs none of the
 * checks of a key from elsewhere, which cost milliseconds for RSA.
 */
export function encodeGeneratedPublicKey(material: SecretBytes): Buffer {
  const privateKey = loadPkcs8(material);
  invariant(privateKey !== undefined, "a generated private key is PKCS#8");
  return encodePublicKey(publicKeyOf(privateKey));
}
