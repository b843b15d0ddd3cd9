import { type KeyObject, sign, verify } from "node:crypto";
import type { ECDSA } from "@noble/curves/abstract/weierstrass.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { invariant } from "../invariant.ts";
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
      if (type === "DIGEST") return signDigest(privateKey, message);
      return isFast(privateKey) ? sign(hash, message, privateKey) : signOnPool(hash, message, privateKey);
    },
    verify(publicKey, message, type, signature) {
      assertMessage(messageTypes, message, type);
      if (type === "DIGEST") return verifyDigest(publicKey, message, signature);
      if (isFast(publicKey)) return verify(hash, message, publicKey, signature);
      return verifyOnPool(hash, message, publicKey, signature);
    },
  };
}

/** OpenSSL has assembly for P-256 alone: the other curves cost ten times as much and more. */
function isFast(key: KeyObject): boolean {
  return key.asymmetricKeyDetails?.namedCurve === "prime256v1";
}

// By OpenSSL's names.
const curves: ReadonlyMap<string, ECDSA> = new Map([
  ["prime256v1", p256],
  ["secp384r1", p384],
  ["secp521r1", p521],
  ["secp256k1", secp256k1],
]);

function curveOf(key: KeyObject): ECDSA {
  const curve = curves.get(key.asymmetricKeyDetails?.namedCurve ?? "");
  invariant(curve !== undefined, "an elliptic curve key signs with ECDSA");
  return curve;
}

// Node hashes whatever it is given, once more if it is a digest. High values of s are as good: OpenSSL makes them too.
const overDigest = { prehash: false, lowS: false, format: "der" } as const;

/** Nonces as in RFC 6979 with fresh randomness (section 3.6): another signature each time, as in AWS KMS. */
function signDigest(privateKey: KeyObject, digest: Uint8Array): Buffer {
  const scalar = privateKey.export({ format: "raw-private" });
  try {
    return Buffer.from(curveOf(privateKey).sign(digest, scalar, { ...overDigest, extraEntropy: true }));
  } finally {
    scalar.fill(0);
  }
}

function verifyDigest(publicKey: KeyObject, digest: Uint8Array, signature: Uint8Array): boolean {
  const point = publicKey.export({ format: "raw-public" });
  try {
    return curveOf(publicKey).verify(signature, digest, point, overDigest);
  } catch {
    // Not a strict DER encoding of two numbers within the curve's order.
    return false;
  }
}
