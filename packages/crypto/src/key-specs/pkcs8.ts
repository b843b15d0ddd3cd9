import { createPrivateKey, type KeyObject } from "node:crypto";
import { isWholeDerSequence } from "../der.ts";
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
