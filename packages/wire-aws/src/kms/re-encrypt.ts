import { reEncrypt } from "@coffer/service";
import { defineCodec, encodeOutput } from "./codec.ts";
import { requireCiphertext } from "./decrypt.ts";

const symmetric = "SYMMETRIC_DEFAULT";

/** AWS KMS: ReEncrypt. */
export const reEncryptCodec = defineCodec("ReEncrypt", {
  operation: reEncrypt,
  decode: (input) => ({
    ciphertext: requireCiphertext(input, input.SourceKeyId, "sourceKeyId"),
    sourceKeyId: input.SourceKeyId,
    sourceEncryptionContext: input.SourceEncryptionContext,
    sourceAlgorithm: input.SourceEncryptionAlgorithm,
    destinationKeyId: input.DestinationKeyId,
    destinationEncryptionContext: input.DestinationEncryptionContext,
    destinationAlgorithm: input.DestinationEncryptionAlgorithm,
  }),
  encode: (output, input) =>
    encodeOutput<"ReEncrypt">({
      CiphertextBlob: output.ciphertext.toString("base64"),
      SourceKeyId: output.sourceKeyArn,
      KeyId: output.keyArn,
      SourceEncryptionAlgorithm: input.SourceEncryptionAlgorithm ?? symmetric,
      DestinationEncryptionAlgorithm: input.DestinationEncryptionAlgorithm ?? symmetric,
      SourceKeyMaterialId: output.sourceKeyMaterialId,
      DestinationKeyMaterialId: output.destinationKeyMaterialId,
    }),
});
