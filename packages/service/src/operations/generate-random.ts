import { limits } from "../limits.ts";
import { defineOperation } from "../pipeline/operation.ts";
import { checkRange } from "./checks.ts";
import { type RecipientOutput, sealPlaintext } from "./recipient.ts";

export interface GenerateRandomInput {
  readonly bytes: number;
  /** The wire's own limit when it is larger than AWS's 1024. */
  readonly maxBytes?: number | undefined;
}

export type GenerateRandomOutput = RecipientOutput;

/** AWS KMS: GenerateRandom. */
export const generateRandom = defineOperation<GenerateRandomInput, GenerateRandomOutput>({
  name: "GenerateRandom",
  plane: "data",
  readOnly: true,
  keys: [],
  resources: () => [{ action: "kms:GenerateRandom", resource: "*" }],
  record: ({ bytes }) => ({ numberOfBytes: bytes }),
  run({ core, input }) {
    checkRange(input.bytes, "numberOfBytes", 1, input.maxBytes ?? limits.randomBytes.value);
    return { plaintext: core.randomness.bytes(input.bytes) };
  },
  forRecipient: sealPlaintext,
  wipe: ({ plaintext }) => void plaintext.fill(0),
});
