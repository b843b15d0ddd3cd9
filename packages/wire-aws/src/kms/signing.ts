import { getPublicKey, type MessageType, sign, verify } from "@coffer/service";
import { defineCodec, encodeOutput } from "./codec.ts";
import type { SignRequest } from "./generated/types.ts";
import { algorithmsOf } from "./key-metadata.ts";

function decodeMessage({ KeyId, Message, MessageType, SigningAlgorithm }: SignRequest) {
  // The model's enum has been checked.
  return {
    keyId: KeyId,
    message: Message,
    messageType: MessageType as MessageType | undefined,
    algorithm: SigningAlgorithm,
  };
}

/** AWS KMS: Sign. */
export const signCodec = defineCodec("Sign", {
  operation: sign,
  decode: decodeMessage,
  encode: ({ keyArn, signature }, { SigningAlgorithm }) =>
    encodeOutput<"Sign">({ KeyId: keyArn, Signature: signature.toString("base64"), SigningAlgorithm }),
  wipe: ({ Message }) => Message.fill(0),
});

/** AWS KMS: Verify. */
export const verifyCodec = defineCodec("Verify", {
  operation: verify,
  decode: (input) => ({ ...decodeMessage(input), signature: input.Signature }),
  encode: ({ keyArn }, { SigningAlgorithm }) =>
    encodeOutput<"Verify">({ KeyId: keyArn, SignatureValid: true, SigningAlgorithm }),
  wipe: ({ Message }) => Message.fill(0),
});

/** AWS KMS: GetPublicKey. */
export const getPublicKeyCodec = defineCodec("GetPublicKey", {
  operation: getPublicKey,
  decode: ({ KeyId }) => ({ keyId: KeyId }),
  encode: ({ key, keyArn, publicKey }) =>
    encodeOutput<"GetPublicKey">({
      KeyId: keyArn,
      PublicKey: publicKey.toString("base64"),
      CustomerMasterKeySpec: key.spec,
      KeySpec: key.spec,
      KeyUsage: key.usage,
      ...algorithmsOf(key),
    }),
});
