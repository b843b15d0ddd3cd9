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
  | "ML_KEM_1024"
  | TransitKeySpec;

/** Key specs that AWS KMS has not: keys of Vault's Transit alone, in Coffer's names. */
export type TransitKeySpec = "AES_128" | "CHACHA20_POLY1305" | "XCHACHA20_POLY1305" | "HMAC_LONG";

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
  /** Whether only Transit makes and uses such keys; absent means no. */
  readonly transitOnly?: true;
  /**
   * New random material: raw bytes, or PKCS#8 DER. A promise where it takes long.
   *
   * @param secretBytes the length of a secret whose spec leaves it open; the spec's usual one when absent
   */
  readonly generate: (secretBytes?: number) => SecretBytes | Promise<SecretBytes>;
  /**
   * The key of some material: what `generate` made, or what a user imports.
   *
   * @returns undefined when it is no material of this spec: another length, curve, size or encoding
   */
  readonly load: (material: SecretBytes) => KeyObject | undefined;
}
