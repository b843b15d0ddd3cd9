import { type KeyObject, sign, verify } from "node:crypto";
import { isFastCurve } from "../named-curves.ts";
import { signOffLoop, verifyOffLoop } from "../off-loop/off-loop.ts";
import { canSignWithOpenssl, evpKeyOf, signWithOpenssl, verifyWithOpenssl } from "../openssl/evp-signatures.ts";
import { assertMessage } from "./message.ts";
import { signOnPool, verifyOnPool } from "./native.ts";
import type { SigningAlgorithmRow } from "./row.ts";

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
      if (type === "DIGEST") return signDigest(privateKey, message);
      return isFastCurve(privateKey) ? sign(hash, message, privateKey) : signOnPool(hash, message, privateKey);
    },
    verify(publicKey, message, type, signature) {
      assertMessage(messageTypes, message, type);
      if (type === "DIGEST") return verifyDigest(publicKey, message, signature);
      if (isFastCurve(publicKey)) return verify(hash, message, publicKey, signature);
      return verifyOnPool(hash, message, publicKey, signature);
    },
  };
}

/** ECDSA over a digest of any length, which is cut to the curve's (FIPS 186-5 section 6.4.1); in DER. */
export function signDigest(privateKey: KeyObject, digest: Uint8Array): Buffer | Promise<Buffer> {
  if (!isFastCurve(privateKey) || !canSignWithOpenssl()) return signOffLoop("ecdsa", privateKey, digest);
  return signWithOpenssl("ecdsa-digest", evpKeyOf(privateKey), digest);
}

/** Whether an untrusted signature in DER is one of this digest. */
export function verifyDigest(
  publicKey: KeyObject,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean | Promise<boolean> {
  if (!isFastCurve(publicKey) || !canSignWithOpenssl()) return verifyOffLoop("ecdsa", publicKey, digest, signature);
  return verifyWithOpenssl("ecdsa-digest", evpKeyOf(publicKey), digest, signature);
}
