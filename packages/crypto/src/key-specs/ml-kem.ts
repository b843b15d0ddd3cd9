import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import type { KeySpec, KeySpecRow } from "../algorithms.ts";
import { SecretBytes } from "../secret-bytes.ts";
import { loadPkcs8 } from "./pkcs8.ts";

const generatePair = promisify(generateKeyPair);

/**
 * ML-KEM key pairs (FIPS 203). The private key is PKCS#8 in any form of RFC 9935 section 6: the seed of 64 bytes, the
 * expanded key, or both, which then have to agree. New ones are seeds, as AWS KMS has them.
 */
export const mlKemRows: readonly KeySpecRow[] = [
  row("ML_KEM_512", "ml-kem-512"),
  row("ML_KEM_768", "ml-kem-768"),
  row("ML_KEM_1024", "ml-kem-1024"),
];

function row(spec: KeySpec, type: "ml-kem-512" | "ml-kem-768" | "ml-kem-1024"): KeySpecRow {
  return {
    spec,
    kind: "pair",
    algorithms: new Map([["ENCAPSULATE_DECAPSULATE", ["ML_KEM"]]]),
    restName: spec,
    async generate() {
      const { privateKey } = await generatePair(type, {
        privateKeyEncoding: { format: "der", type: "pkcs8" },
        publicKeyEncoding: { format: "der", type: "spki" },
      });
      return SecretBytes.takeFrom(privateKey);
    },
    load(material) {
      const key = loadPkcs8(material);
      return key?.asymmetricKeyType === type ? key : undefined;
    },
  };
}
