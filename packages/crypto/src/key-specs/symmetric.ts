import { SecretBytes } from "../secret-bytes.ts";
import type { KeySpecRow } from "./row.ts";

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
