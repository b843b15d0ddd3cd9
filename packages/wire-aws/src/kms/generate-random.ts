import { generateRandom } from "@coffer/service";
import { defineCodec, encodeOutput } from "./codec.ts";
import { encodeSecret } from "./recipient.ts";
import { refuseInput, refuseUnsupported } from "./refuse-parameter.ts";

/** AWS KMS: GenerateRandom. */
export const generateRandomCodec = defineCodec("GenerateRandom", {
  operation: generateRandom,
  decode({ NumberOfBytes, CustomKeyStoreId }) {
    if (CustomKeyStoreId !== undefined) refuseUnsupported("CustomKeyStoreId");
    if (NumberOfBytes === undefined) refuseInput("NumberOfBytes is required.", "numberOfBytes");
    return { bytes: NumberOfBytes };
  },
  encode(output) {
    const { member, base64 } = encodeSecret(output);
    return encodeOutput<"GenerateRandom">({ [member]: base64 });
  },
});
