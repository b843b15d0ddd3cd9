import { type KeyObject, sign, verify } from "node:crypto";
import { ed25519ph } from "@noble/curves/ed25519.js";
import type { MessageType, SigningAlgorithmRow } from "../signing-algorithms.ts";
import { assertMessage } from "./message.ts";

const rawOnly: SigningAlgorithmRow["messageTypes"] = new Map<MessageType, undefined>([["RAW", undefined]]);
const digestOnly: SigningAlgorithmRow["messageTypes"] = new Map([["DIGEST", 64]]);

/**
 * Ed25519 (RFC 8032 section 5.1). AWS KMS takes RAW messages alone for the pure variant and 64-byte DIGESTs alone for
 * the pre-hashed one, and hashes such a digest once more (AWS KMS API: Sign, MessageType).
 */
export const ed25519Rows: readonly SigningAlgorithmRow[] = [
  {
    name: "ED25519_SHA_512",
    messageTypes: rawOnly,
    sign(privateKey, message, type) {
      assertMessage(rawOnly, message, type);
      return sign(null, message, privateKey);
    },
    verify(publicKey, message, type, signature) {
      assertMessage(rawOnly, message, type);
      return verify(null, message, publicKey, signature);
    },
  },
  {
    name: "ED25519_PH_SHA_512",
    messageTypes: digestOnly,
    sign(privateKey, message, type) {
      assertMessage(digestOnly, message, type);
      return signPrehashed(privateKey, message);
    },
    verify(publicKey, message, type, signature) {
      assertMessage(digestOnly, message, type);
      return verifyPrehashed(publicKey, message, signature);
    },
  },
];

// OpenSSL has Ed25519ph, but Node no way to it.
function signPrehashed(privateKey: KeyObject, message: Uint8Array): Buffer {
  const seed = privateKey.export({ format: "raw-private" });
  try {
    return Buffer.from(ed25519ph.sign(message, seed));
  } finally {
    seed.fill(0);
  }
}

function verifyPrehashed(publicKey: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  const point = publicKey.export({ format: "raw-public" });
  return ed25519ph.verify(signature, message, point, { zip215: false });
}
