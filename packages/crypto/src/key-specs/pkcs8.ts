import { createPrivateKey, type KeyObject } from "node:crypto";
import type { SecretBytes } from "../secret-bytes.ts";

/**
 * A private key from PKCS#8 DER (RFC 5958), untrusted.
 *
 * @returns undefined when it is anything else, or has bytes after its end, which OpenSSL would leave unread
 */
export function loadPkcs8(material: SecretBytes): KeyObject | undefined {
  return material.use((der) => {
    if (sequenceBytes(der) !== der.length) return undefined;
    try {
      return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    } catch {
      return undefined;
    }
  });
}

/** How long the DER SEQUENCE at the start is with its header; undefined when there is none. Lengths up to 65,535. */
function sequenceBytes(der: Buffer): number | undefined {
  if (der.length < 4 || der[0] !== 0x30) return undefined;
  const first = der.readUInt8(1);
  if (first < 0x80) return 2 + first;
  if (first === 0x81) return 3 + der.readUInt8(2);
  if (first === 0x82) return 4 + der.readUInt16BE(2);
  return undefined;
}
