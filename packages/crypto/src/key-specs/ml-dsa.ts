import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import type { KeySpec, KeySpecRow } from "../algorithms.ts";
import { SecretBytes } from "../secret-bytes.ts";
import { loadPkcs8 } from "./pkcs8.ts";

const generatePair = promisify(generateKeyPair);

/**
 * ML-DSA key pairs (FIPS 204). The private key is PKCS#8 in any form of RFC 9881 section 6: the seed of 32 bytes, the
 * expanded key, or both, which then have to agree. New ones are seeds.
 */
export const mlDsaRows: readonly KeySpecRow[] = [
  row("ML_DSA_44", "ml-dsa-44"),
  row("ML_DSA_65", "ml-dsa-65"),
  row("ML_DSA_87", "ml-dsa-87"),
];

function row(spec: KeySpec, type: "ml-dsa-44" | "ml-dsa-65" | "ml-dsa-87"): KeySpecRow {
  return {
    spec,
    kind: "pair",
    algorithms: new Map([["SIGN_VERIFY", ["ML_DSA_SHAKE_256"]]]),
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
