import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import { SecretBytes } from "../secret-bytes.ts";
import { loadPkcs8 } from "./pkcs8.ts";
import type { KeySpec, KeySpecRow, KeySpecUsage } from "./row.ts";

const generatePair = promisify(generateKeyPair);

/** Node's names of the pairs of FIPS 203 and 204. */
type PairType = "ml-dsa-44" | "ml-dsa-65" | "ml-dsa-87" | "ml-kem-512" | "ml-kem-768" | "ml-kem-1024";

/** The row of a module-lattice key pair with one algorithm. */
export function moduleLatticeRow(spec: KeySpec, type: PairType, usage: KeySpecUsage, algorithm: string): KeySpecRow {
  return {
    spec,
    kind: "pair",
    algorithms: new Map([[usage, [algorithm]]]),
    restName: spec,
    async generate() {
      // Node's types have an overload a family, which differ in nothing but the name.
      const { privateKey } = await generatePair(type as "ml-kem-512", {
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
