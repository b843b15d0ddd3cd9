import type { KeyObject } from "node:crypto";
import type { SecretBytes } from "../secret-bytes.ts";

/** The key specs that there are, by their AWS KMS names. */
export type KeySpec =
  | "RSA_2048"
  | "RSA_3072"
  | "RSA_4096"
  | "ECC_NIST_P256"
  | "ECC_NIST_P384"
  | "ECC_NIST_P521"
  | "ECC_SECG_P256K1"
  | "ECC_NIST_EDWARDS25519"
  | "SYMMETRIC_DEFAULT"
  | "HMAC_224"
  | "HMAC_256"
  | "HMAC_384"
  | "HMAC_512"
  | "ML_DSA_44"
  | "ML_DSA_65"
  | "ML_DSA_87"
  | "ML_KEM_512"
  | "ML_KEM_768"
  | "ML_KEM_1024";

/** What a key may be used for, by AWS KMS's names. */
export type KeySpecUsage =
  | "ENCRYPT_DECRYPT"
  | "SIGN_VERIFY"
  | "GENERATE_VERIFY_MAC"
  | "KEY_AGREEMENT"
  | "ENCAPSULATE_DECAPSULATE";

/**
 * All that sets one key spec apart from the others. Shared code takes a row and never asks for its name: a new spec is a
 * new row, and a new difference between specs is a new column.
 */
export interface KeySpecRow {
  readonly spec: KeySpec;
  /** `secret`: raw bytes. `pair`: a private key, kept as PKCS#8 DER. */
  readonly kind: "secret" | "pair";
  /** The usages that a key of this spec may be created with, each with its algorithms by AWS KMS's names and in its order. */
  readonly algorithms: ReadonlyMap<KeySpecUsage, readonly string[]>;
  /** The spec's name in the REST API. */
  readonly restName: string;
  /** The spec's name in Vault's Transit API; absent when Transit has no such type. */
  readonly transitType?: string;
  /** New random material: raw bytes, or PKCS#8 DER. A promise where it takes long. */
  readonly generate: () => SecretBytes | Promise<SecretBytes>;
  /**
   * The key of some material: what `generate` made, or what a user imports.
   *
   * @returns undefined when it is no material of this spec: another length, curve, size or encoding
   */
  readonly load: (material: SecretBytes) => KeyObject | undefined;
}
