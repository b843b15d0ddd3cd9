import type { KeySpec } from "../key-specs/row.ts";

/** What Transit says of and does with keys of one spec (Vault API: Transit, key types). */
export interface TransitTypeRow {
  readonly spec: KeySpec;
  /** Vault's name. */
  readonly type: string;
  /** ML-DSA's parameter set, such as `65`; OpenBao has no such keys. */
  readonly parameterSet?: string;
  /** How it encrypts; absent when it does not. */
  readonly encryption?: "aead" | "rsa";
  readonly signing: boolean;
  /** Whether keys can be derived from it for each request. */
  readonly derivation: boolean;
  /** What it makes HMACs with: its material, or a key of its own for them. */
  readonly hmac: "material" | "ownKey";
  /** The name of a version's public key; absent where there is none. */
  readonly publicName?: string;
}

function aead(spec: KeySpec, type: string): TransitTypeRow {
  return { spec, type, encryption: "aead", signing: false, derivation: true, hmac: "ownKey" };
}

function pair(spec: KeySpec, type: string, publicName: string, more: Partial<TransitTypeRow> = {}): TransitTypeRow {
  return { spec, type, signing: true, derivation: false, hmac: "ownKey", publicName, ...more };
}

function mlDsa(spec: KeySpec, parameterSet: string): TransitTypeRow {
  return pair(spec, "ml-dsa", `ml-dsa-${parameterSet}`, { parameterSet });
}

function hmac(spec: KeySpec): TransitTypeRow {
  return { spec, type: "hmac", signing: false, derivation: false, hmac: "material" };
}

/** Of specs with the same type, the first is made; for HMAC the length decides (`specOfTransitType`). */
const rows: readonly TransitTypeRow[] = [
  aead("AES_128", "aes128-gcm96"),
  aead("SYMMETRIC_DEFAULT", "aes256-gcm96"),
  aead("CHACHA20_POLY1305", "chacha20-poly1305"),
  aead("XCHACHA20_POLY1305", "xchacha20-poly1305"),
  pair("ECC_NIST_EDWARDS25519", "ed25519", "ed25519", { derivation: true }),
  pair("ECC_NIST_P256", "ecdsa-p256", "P-256"),
  pair("ECC_NIST_P384", "ecdsa-p384", "P-384"),
  pair("ECC_NIST_P521", "ecdsa-p521", "P-521"),
  pair("RSA_2048", "rsa-2048", "rsa-2048", { encryption: "rsa" }),
  pair("RSA_3072", "rsa-3072", "rsa-3072", { encryption: "rsa" }),
  pair("RSA_4096", "rsa-4096", "rsa-4096", { encryption: "rsa" }),
  mlDsa("ML_DSA_65", "65"),
  mlDsa("ML_DSA_44", "44"),
  mlDsa("ML_DSA_87", "87"),
  hmac("HMAC_256"),
  hmac("HMAC_LONG"),
  hmac("HMAC_224"),
  hmac("HMAC_384"),
  hmac("HMAC_512"),
];

const bySpec: ReadonlyMap<string, TransitTypeRow> = new Map(rows.map((row) => [row.spec, row]));

/** Transit's view of a spec; undefined where Transit has no such keys. */
export function findTransitType(spec: string): TransitTypeRow | undefined {
  return bySpec.get(spec);
}

/** The longest HMAC key that is one of AWS KMS's too. */
const kmsHmacBytes = 128;

/**
 * The row of keys of an untrusted type. ML-DSA is known by `ml-dsa` with a parameter set, which is 65 unless told, as
 * Vault spells it, and by `ml-dsa-65` and the like.
 *
 * @param keyBytes of an HMAC key; 0 means the usual length
 */
export function specOfTransitType(type: string, parameterSet = "", keyBytes = 0): TransitTypeRow | undefined {
  if (type === "hmac") return bySpec.get(keyBytes > kmsHmacBytes ? "HMAC_LONG" : "HMAC_256");
  return rows.find(
    (row) =>
      (row.type === type && (parameterSet === "" || row.parameterSet === parameterSet)) ||
      (row.parameterSet !== undefined && `${row.type}-${row.parameterSet}` === type),
  );
}
