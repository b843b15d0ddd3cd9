import { SecretBytes } from "./secret-bytes.ts";

/** The key specs that there are, by their AWS KMS names. */
export type KeySpec = "SYMMETRIC_DEFAULT";

/** What a key may be used for, by AWS KMS's names. */
export type KeySpecUsage = "ENCRYPT_DECRYPT";

/** How a key encrypts, by AWS KMS's names. */
export type EncryptionAlgorithm = "SYMMETRIC_DEFAULT";

/**
 * All that sets one key spec apart from the others. Shared code takes a row and never asks for its name: a new spec is a
 * new row, and a new difference between specs is a new column.
 */
export interface KeySpecRow {
  readonly spec: KeySpec;
  /** The usages that a key of this spec may be created with; the first is the default. */
  readonly usages: readonly KeySpecUsage[];
  readonly encryptionAlgorithms: readonly EncryptionAlgorithm[];
  /** The spec's name in the REST API. */
  readonly restName: string;
  /** The spec's name in Vault's Transit API. */
  readonly transitType: string;
  /** Length of the material. */
  readonly materialBytes: number;
  /** New random material. */
  readonly generate: () => SecretBytes;
}

const rows: readonly KeySpecRow[] = [
  {
    spec: "SYMMETRIC_DEFAULT",
    usages: ["ENCRYPT_DECRYPT"],
    encryptionAlgorithms: ["SYMMETRIC_DEFAULT"],
    restName: "AES-256-GCM",
    transitType: "aes256-gcm96",
    materialBytes: 32,
    generate: () => SecretBytes.random(32),
  },
];

/** One row for each key spec. */
export const keySpecs: ReadonlyMap<KeySpec, KeySpecRow> = new Map(rows.map((row) => [row.spec, row]));

const rowsByName: ReadonlyMap<string, KeySpecRow> = keySpecs;

/** The row of an untrusted spec name, exactly as AWS KMS writes it. */
export function findKeySpec(name: string): KeySpecRow | undefined {
  return rowsByName.get(name);
}
