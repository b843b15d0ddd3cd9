import { SecretBytes } from "../secret-bytes.ts";
import type { KeySpec, KeySpecRow } from "./row.ts";

const materialBytes = 32;

/** AES-256 keys (AWS KMS: `SYMMETRIC_DEFAULT`). */
export const symmetricRows: readonly KeySpecRow[] = [
  {
    spec: "SYMMETRIC_DEFAULT",
    kind: "secret",
    algorithms: new Map([["ENCRYPT_DECRYPT", ["SYMMETRIC_DEFAULT"]]]),
    restName: "AES-256-GCM",
    transitType: "aes256-gcm96",
    generate: () => SecretBytes.random(materialBytes),
    load: (material) => (material.byteLength === materialBytes ? material.toKeyObject() : undefined),
  },
];

/** Symmetric keys that AWS KMS has not (Vault API: Transit, key types). */
export const transitSymmetricRows: readonly KeySpecRow[] = [
  transitRow("AES_128", "aes128-gcm96", 16),
  transitRow("CHACHA20_POLY1305", "chacha20-poly1305", 32),
  transitRow("XCHACHA20_POLY1305", "xchacha20-poly1305", 32),
];

function transitRow(spec: KeySpec, transitType: string, keyBytes: number): KeySpecRow {
  return {
    spec,
    kind: "secret",
    transitOnly: true,
    algorithms: new Map([["ENCRYPT_DECRYPT", []]]),
    restName: spec,
    transitType,
    generate: () => SecretBytes.random(keyBytes),
    load: (material) => (material.byteLength === keyBytes ? material.toKeyObject() : undefined),
  };
}
