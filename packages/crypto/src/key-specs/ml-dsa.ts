import { moduleLatticeRow } from "./module-lattice.ts";
import type { KeySpecRow } from "./row.ts";

const usage = "SIGN_VERIFY";
const algorithm = "ML_DSA_SHAKE_256";

/**
 * ML-DSA key pairs (FIPS 204). The private key is PKCS#8 in any form of RFC 9881 section 6: the seed of 32 bytes, the
 * expanded key, or both, which then have to agree. New ones are seeds.
 */
export const mlDsaRows: readonly KeySpecRow[] = [
  moduleLatticeRow("ML_DSA_44", "ml-dsa-44", usage, algorithm),
  moduleLatticeRow("ML_DSA_65", "ml-dsa-65", usage, algorithm),
  moduleLatticeRow("ML_DSA_87", "ml-dsa-87", usage, algorithm),
];
