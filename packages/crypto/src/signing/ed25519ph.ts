import type { KeyObject } from "node:crypto";
import { ed25519ph } from "@noble/curves/ed25519.js";

/** Ed25519ph (RFC 8032 section 5.1) with no context, where OpenSSL cannot be reached for it (decision 11). */
export function signEd25519ph(privateKey: KeyObject, message: Uint8Array): Uint8Array {
  const seed = privateKey.export({ format: "raw-private" });
  try {
    return ed25519ph.sign(message, seed);
  } finally {
    seed.fill(0);
  }
}

/** Whether an untrusted signature is the message's, by the rules of RFC 8032, which are stricter than those of ZIP 215. */
export function verifyEd25519ph(publicKey: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  const point = publicKey.export({ format: "raw-public" });
  return ed25519ph.verify(signature, message, point, { zip215: false });
}
