import type { KeyObject } from "node:crypto";
import { ml_dsa44, ml_dsa65, ml_dsa87 } from "@noble/post-quantum/ml-dsa.js";
import { invariant } from "../invariant.ts";

/**
 * ML-DSA over a given mu, where OpenSSL cannot be reached for it: an implementation in JavaScript, for this alone
 * (decision 10). Its time depends on secrets; see there for what that means.
 */
const parameterSets: ReadonlyMap<string | undefined, typeof ml_dsa44> = new Map([
  ["ml-dsa-44", ml_dsa44],
  ["ml-dsa-65", ml_dsa65],
  ["ml-dsa-87", ml_dsa87],
]);

// What Node writes before the bytes of a key (RFC 9881, sections 4 and 6).
const seedDerBytes = 54;
const seedBytes = 32;
const expandedPrefixBytes = 28;
const publicPrefixBytes = 22;

/** Signs a mu of 64 bytes (FIPS 204 section 6.2, from step 7 on; hedged). */
export function signMu(privateKey: KeyObject, mu: Uint8Array): Buffer {
  const parameterSet = parameterSetOf(privateKey);
  const secretKey = expandedKey(privateKey, parameterSet);
  const signature = parameterSet.internal.sign(mu, secretKey, { externalMu: true });
  secretKey.fill(0);
  return Buffer.from(signature.buffer, signature.byteOffset, signature.length);
}

/** Whether an untrusted signature is one of this mu of 64 bytes (FIPS 204 section 6.3). */
export function verifyMu(publicKey: KeyObject, mu: Uint8Array, signature: Uint8Array): boolean {
  const parameterSet = parameterSetOf(publicKey);
  const spki = publicKey.export({ format: "der", type: "spki" });
  const raw = spki.subarray(publicPrefixBytes);
  invariant(raw.length === parameterSet.lengths.publicKey, "an ML-DSA public key has its parameter set's length");
  return parameterSet.internal.verify(signature, mu, raw, { externalMu: true });
}

function parameterSetOf(key: KeyObject): typeof ml_dsa44 {
  const parameterSet = parameterSets.get(key.asymmetricKeyType);
  invariant(parameterSet !== undefined, "an ML-DSA key signs a mu");
  return parameterSet;
}

/** The private key as FIPS 204 encodes it (algorithm 24). The caller wipes it. */
function expandedKey(privateKey: KeyObject, parameterSet: typeof ml_dsa44): Uint8Array {
  // The seed where the key came with one, else the expanded key alone.
  const der = privateKey.export({ format: "der", type: "pkcs8" });
  if (der.length === seedDerBytes) {
    const { secretKey } = parameterSet.keygen(der.subarray(-seedBytes));
    der.fill(0);
    return secretKey;
  }
  const secretKey = der.subarray(expandedPrefixBytes);
  invariant(secretKey.length === parameterSet.lengths.secretKey, "an expanded ML-DSA key has its length");
  return secretKey;
}
