import { generateMac, verifyMac } from "@coffer/service";
import { defineCodec, encodeOutput } from "./codec.ts";

/** AWS KMS: GenerateMac. */
export const generateMacCodec = defineCodec("GenerateMac", {
  operation: generateMac,
  decode: ({ KeyId, Message, MacAlgorithm }) => ({ keyId: KeyId, message: Message, algorithm: MacAlgorithm }),
  encode: ({ keyArn, mac }, { MacAlgorithm }) =>
    encodeOutput<"GenerateMac">({ Mac: mac.toString("base64"), MacAlgorithm, KeyId: keyArn }),
  wipe: ({ Message }) => Message.fill(0),
});

/** AWS KMS: VerifyMac. */
export const verifyMacCodec = defineCodec("VerifyMac", {
  operation: verifyMac,
  decode: ({ KeyId, Message, MacAlgorithm, Mac }) => ({
    keyId: KeyId,
    message: Message,
    algorithm: MacAlgorithm,
    mac: Mac,
  }),
  encode: ({ keyArn }, { MacAlgorithm }) => encodeOutput<"VerifyMac">({ KeyId: keyArn, MacValid: true, MacAlgorithm }),
  wipe: ({ Message }) => Message.fill(0),
});
