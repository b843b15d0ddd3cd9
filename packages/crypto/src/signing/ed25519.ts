import { sign, verify } from "node:crypto";
import { signOffLoop, verifyOffLoop } from "../off-loop/off-loop.ts";
import { canSignWithOpenssl, evpKeyOf, signWithOpenssl, verifyWithOpenssl } from "../openssl/evp-signatures.ts";
import { assertMessage } from "./message.ts";
import type { MessageType, SigningAlgorithmRow } from "./row.ts";

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
      if (!canSignWithOpenssl()) return signOffLoop("ed25519ph", privateKey, message);
      return signWithOpenssl("ed25519ph", evpKeyOf(privateKey), message);
    },
    verify(publicKey, message, type, signature) {
      assertMessage(digestOnly, message, type);
      if (!canSignWithOpenssl()) return verifyOffLoop("ed25519ph", publicKey, message, signature);
      return verifyWithOpenssl("ed25519ph", evpKeyOf(publicKey), message, signature);
    },
  },
];
