import { createHmac, createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from "node:crypto";
import { canonicalMaterial } from "../key-specs/canonical.ts";
import { SecretBytes } from "../secret-bytes.ts";

/** How a derived key comes of a version's material: HKDF today, a counter for keys from before Vault 0.6. */
export type TransitKdf = "hkdf_sha256" | "hmac-sha256-counter";

const noSalt = new Uint8Array();
const counterBits = 256;

/**
 * The key for one context (OpenBao, sdk/helper/keysutil/policy.go: `DeriveKey`): HKDF-SHA256 (RFC 5869) without salt, the
 * context as info; or HMAC-SHA256 in counter mode (NIST SP 800-108 section 4.1), which gives 32 bytes.
 *
 * @param ikm the version's material, raw
 */
export function deriveTransitKey(kdf: TransitKdf, ikm: KeyObject, context: Uint8Array, bytes: number): SecretBytes {
  if (kdf === "hkdf_sha256") {
    return SecretBytes.takeFrom(new Uint8Array(hkdfSync("sha256", ikm, noSalt, context, bytes)));
  }
  const input = Buffer.alloc(4 + context.length + 4);
  // The counter begins at zero there.
  input.set(context, 4);
  input.writeUInt32BE(counterBits, 4 + context.length);
  return SecretBytes.takeFrom(createHmac("sha256", ikm).update(input).digest().subarray(0, bytes));
}

// RFC 8410 section 7: what stands before the 32 bytes of an Ed25519 private key in PKCS #8.
const ed25519Prefix = Buffer.from("302e020100300506032b657004220420", "hex");

/** The Ed25519 key pair of a seed of 32 bytes (RFC 8032 section 5.1.5). */
export function ed25519OfSeed(seed: SecretBytes): KeyObject {
  return seed.use((bytes) => {
    const der = Buffer.concat([ed25519Prefix, bytes]);
    try {
      return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    } finally {
      der.fill(0);
    }
  });
}

/** The bytes that Transit derives from: a secret's own, and of an Ed25519 key its seed with its public key behind it. */
export function transitKeyBytes(material: KeyObject): SecretBytes {
  if (material.type === "secret") return canonicalMaterial(material);
  const seed = material.export({ format: "raw-private" });
  try {
    return SecretBytes.takeFrom(Buffer.concat([seed, createPublicKey(material).export({ format: "raw-public" })]));
  } finally {
    seed.fill(0);
  }
}

const hmacKeyBytes = 32;

/**
 * The key that Transit makes HMACs with under a key which is for something else, where none is stored: HKDF-SHA256 (RFC
 * 5869) of the version's material, with an info of its own, so that it says nothing of the material.
 */
export function deriveTransitHmacKey(material: KeyObject): KeyObject {
  using bytes = canonicalMaterial(material);
  const key = bytes.toKeyObject();
  const derived = hkdfSync("sha256", key, noSalt, "coffer transit hmac key v1", hmacKeyBytes);
  using owned = SecretBytes.takeFrom(new Uint8Array(derived));
  return owned.toKeyObject();
}
