import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { checkBytes } from "../checks.ts";
import { activeOnly, namedKey } from "../shared.ts";
import { checkMessage, recordSigning, type SigningInput, signingConditions } from "./message.ts";

export interface VerifyInput extends SigningInput {
  /** 1 to 6144 bytes. */
  readonly signature: Uint8Array;
}

/** AWS KMS: Verify. Throws SignatureInvalid unless the signature is the key's, of this message and by this algorithm. */
export const verify = defineOperation<VerifyInput, { readonly keyArn: string }>({
  name: "Verify",
  plane: "data",
  readOnly: true,
  keys: [namedKey("kms:Verify", activeOnly, { usage: "SIGN_VERIFY", algorithm: ({ algorithm }) => algorithm })],
  conditions: signingConditions,
  record: recordSigning,
  async run({ keys, input }) {
    const key = keys[0]!;
    const { message, messageType = "RAW", signature } = input;
    const row = checkMessage(input);
    checkBytes(signature, "signature", limits.ciphertextBytes.value);
    const isValid = await row.verify(await key.currentPublicKey(), message, messageType, signature);
    if (!isValid) throw ServiceError.of("SignatureInvalid", {});
    return { keyArn: key.arn };
  },
});
