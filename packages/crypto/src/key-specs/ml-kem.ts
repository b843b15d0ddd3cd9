import { moduleLatticeRow } from "./module-lattice.ts";
import type { KeySpecRow } from "./row.ts";

const usage = "ENCAPSULATE_DECAPSULATE";
const algorithm = "ML_KEM";

/**
 * ML-KEM key pairs (FIPS 203). The private key is PKCS#8 in any form of RFC 9935 section 6: the seed of 64 bytes, the
 * expanded key, or both, which then have to agree. New ones are seeds, as AWS KMS has them.
 */
export const mlKemRows: readonly KeySpecRow[] = [
  moduleLatticeRow("ML_KEM_512", "ml-kem-512", usage, algorithm),
  moduleLatticeRow("ML_KEM_768", "ml-kem-768", usage, algorithm),
  moduleLatticeRow("ML_KEM_1024", "ml-kem-1024", usage, algorithm),
];
