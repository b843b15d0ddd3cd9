import type { KeyObject } from "node:crypto";
import type { ECDSA } from "@noble/curves/abstract/weierstrass.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { invariant } from "../invariant.ts";

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

// High values of s are as good: OpenSSL makes them too.
const overDigest = { prehash: false, lowS: false, format: "der" } as const;

/**
 * ECDSA over a given digest, in DER, where OpenSSL cannot be reached for it (decision 11). Nonces as in RFC 6979 with fresh randomness (section 3.6): another signature each
 * time, as in AWS KMS. The numbers that it computes with cannot be wiped.
 */
export function signEcdsaDigest(privateKey: KeyObject, digest: Uint8Array): Uint8Array {
  const scalar = privateKey.export({ format: "raw-private" });
  try {
    return curveOf(privateKey).sign(digest, scalar, { ...overDigest, extraEntropy: true });
  } finally {
    scalar.fill(0);
  }
}

/** Whether an untrusted signature is one of this digest. */
export function verifyEcdsaDigest(publicKey: KeyObject, digest: Uint8Array, signature: Uint8Array): boolean {
  const point = publicKey.export({ format: "raw-public" });
  try {
    return curveOf(publicKey).verify(signature, digest, point, overDigest);
  } catch {
    // Not a strict DER encoding of two numbers within the curve's order.
    return false;
  }
}

/** A signature in DER as the two numbers side by side (IEEE P1363), each as long as the curve's order. */
export function ecdsaDerToP1363(key: KeyObject, der: Uint8Array): Uint8Array {
  return curveOf(key).Signature.fromBytes(der, "der").toBytes("compact");
}

/** The opposite, of an untrusted signature; undefined when it is none. */
export function ecdsaP1363ToDer(key: KeyObject, signature: Uint8Array): Uint8Array | undefined {
  try {
    return curveOf(key).Signature.fromBytes(signature, "compact").toBytes("der");
  } catch {
    return undefined;
  }
}
