import { generateRandom } from "@coffer/service";
import { defineCodec, encodeOutput } from "./codec.ts";
import { refuseInput, refuseRecipient, refuseUnsupported } from "./refuse-parameter.ts";

/** AWS KMS: GenerateRandom. */
export const generateRandomCodec = defineCodec("GenerateRandom", {
  operation: generateRandom,
  decode({ NumberOfBytes, CustomKeyStoreId, Recipient }) {
    refuseRecipient(Recipient);
    if (CustomKeyStoreId !== undefined) refuseUnsupported("CustomKeyStoreId");
    if (NumberOfBytes === undefined) refuseInput("NumberOfBytes is required.", "numberOfBytes");
    return { bytes: NumberOfBytes };
  },
  encode({ plaintext }) {
    const encoded = plaintext.toString("base64");
    plaintext.fill(0);
    return encodeOutput<"GenerateRandom">({ Plaintext: encoded });
  },
});
