import { signOffLoop, verifyOffLoop } from "../off-loop/off-loop.ts";
import { assertMessage } from "./message.ts";
import { signOnPool, verifyOnPool } from "./native.ts";
import type { SigningAlgorithmRow } from "./row.ts";

const messageTypes: SigningAlgorithmRow["messageTypes"] = new Map([
  ["RAW", undefined],
  ["EXTERNAL_MU", 64],
]);

/**
 * ML-DSA (FIPS 204, sections 5.2 and 5.3) with an empty context and hedged signatures, of the key's parameter set.
 * HashML-DSA is another algorithm, which AWS KMS does not have: hence no message type DIGEST. EXTERNAL_MU takes what
 * section 6.2 calls mu, and gives the signatures that RAW gives to the message behind it.
 */
export const mlDsaSigningRows: readonly SigningAlgorithmRow[] = [
  {
    name: "ML_DSA_SHAKE_256",
    messageTypes,
    async sign(privateKey, message, type) {
      assertMessage(messageTypes, message, type);
      return type === "EXTERNAL_MU"
        ? await signOffLoop("ml-dsa-mu", privateKey, message)
        : await signOnPool(null, message, privateKey);
    },
    async verify(publicKey, message, type, signature) {
      assertMessage(messageTypes, message, type);
      return type === "EXTERNAL_MU"
        ? await verifyOffLoop("ml-dsa-mu", publicKey, message, signature)
        : await verifyOnPool(null, message, publicKey, signature);
    },
  },
];
