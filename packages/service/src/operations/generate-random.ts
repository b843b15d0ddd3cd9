import { limits } from "../limits.ts";
import { defineOperation } from "../pipeline/operation.ts";
import { checkRange } from "./checks.ts";

export interface GenerateRandomInput {
  readonly bytes: number;
  /** The wire's own limit when it is larger than AWS's 1024. */
  readonly maxBytes?: number | undefined;
}

export interface GenerateRandomOutput {
  /** Owned by the caller, who wipes it. */
  readonly plaintext: Buffer;
}

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
  wipe: ({ plaintext }) => void plaintext.fill(0),
});
