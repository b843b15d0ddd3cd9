import { defineOperation } from "../../pipeline/operation.ts";
import { activeOnly, namedKey } from "../shared.ts";
import { checkMessage, recordSigning, type SigningInput, signingConditions } from "./message.ts";

export interface SignOutput {
  readonly keyArn: string;
  readonly signature: Buffer;
}

/** AWS KMS: Sign. */
export const sign = defineOperation<SigningInput, SignOutput>({
  name: "Sign",
  plane: "data",
  readOnly: true,
  keys: [namedKey("kms:Sign", activeOnly, { usage: "SIGN_VERIFY", algorithm: ({ algorithm }) => algorithm })],
  conditions: signingConditions,
  record: recordSigning,
  async run({ keys, input }) {
    const key = keys[0]!;
    const row = checkMessage(input);
    const signature = await row.sign(await key.currentMaterial(), input.message, input.messageType ?? "RAW");
    return { keyArn: key.arn, signature };
  },
});
