import type { KeyObject } from "node:crypto";
import { SecretBytes } from "../secret-bytes.ts";

/** The one form in which a key's material is stored: raw bytes of a secret, PKCS#8 DER as OpenSSL writes it of a private key. */
export function canonicalMaterial(key: KeyObject): SecretBytes {
  return SecretBytes.takeFrom(key.type === "secret" ? key.export() : key.export({ format: "der", type: "pkcs8" }));
}
