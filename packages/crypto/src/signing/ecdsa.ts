import { type KeyObject, sign, verify } from "node:crypto";
import { signOffLoop, verifyOffLoop } from "../off-loop/off-loop.ts";
import type { SigningAlgorithmRow } from "../signing-algorithms.ts";
import { assertMessage } from "./message.ts";
import { signOnPool, verifyOnPool } from "./native.ts";

/** ECDSA (FIPS 186-5 section 6), signatures in DER (RFC 3279 section 2.2.3). The key brings its curve. */
export const ecdsaRows: readonly SigningAlgorithmRow[] = [
  ecdsa("ECDSA_SHA_256", "sha256", 32),
  ecdsa("ECDSA_SHA_384", "sha384", 48),
  ecdsa("ECDSA_SHA_512", "sha512", 64),
];

function ecdsa(name: string, hash: string, hashBytes: number): SigningAlgorithmRow {
  const messageTypes: SigningAlgorithmRow["messageTypes"] = new Map([
    ["RAW", undefined],
    ["DIGEST", hashBytes],
  ]);
  return {
    name,
    messageTypes,
    sign(privateKey, message, type) {
      assertMessage(messageTypes, message, type);
      if (type === "DIGEST") return signOffLoop("ecdsa", privateKey, message);
      return isFast(privateKey) ? sign(hash, message, privateKey) : signOnPool(hash, message, privateKey);
    },
    verify(publicKey, message, type, signature) {
      assertMessage(messageTypes, message, type);
      if (type === "DIGEST") return verifyOffLoop("ecdsa", publicKey, message, signature);
      if (isFast(publicKey)) return verify(hash, message, publicKey, signature);
      return verifyOnPool(hash, message, publicKey, signature);
    },
  };
}

/** OpenSSL has assembly for P-256 alone: the other curves cost ten times as much and more. */
function isFast(key: KeyObject): boolean {
  return key.asymmetricKeyDetails?.namedCurve === "prime256v1";
}
