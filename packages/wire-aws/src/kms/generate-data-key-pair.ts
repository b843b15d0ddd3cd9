import { generateDataKeyPair, generateDataKeyPairWithoutPlaintext } from "@coffer/service";
import { defineCodec, encodeOutput } from "./codec.ts";
import type { GenerateDataKeyPairWithoutPlaintextRequest } from "./generated/types.ts";
import { encodeSecretBytes } from "./recipient.ts";

function decodePair({ KeyId, KeyPairSpec, EncryptionContext }: GenerateDataKeyPairWithoutPlaintextRequest) {
  return { keyId: KeyId, keyPairSpec: KeyPairSpec, encryptionContext: EncryptionContext };
}

/** AWS KMS: GenerateDataKeyPair. */
export const generateDataKeyPairCodec = defineCodec("GenerateDataKeyPair", {
  operation: generateDataKeyPair,
  decode: decodePair,
  encode: (output, { KeyPairSpec }) =>
    encodeOutput<"GenerateDataKeyPair">({
      PrivateKeyCiphertextBlob: output.privateKeyCiphertext.toString("base64"),
      ...encodeSecretBytes("PrivateKeyPlaintext", output),
      PublicKey: output.publicKey.toString("base64"),
      KeyId: output.keyArn,
      KeyPairSpec,
      KeyMaterialId: output.keyMaterialId,
    }),
});

/** AWS KMS: GenerateDataKeyPairWithoutPlaintext. */
export const generateDataKeyPairWithoutPlaintextCodec = defineCodec("GenerateDataKeyPairWithoutPlaintext", {
  operation: generateDataKeyPairWithoutPlaintext,
  decode: decodePair,
  encode: ({ keyArn, privateKeyCiphertext, publicKey, keyMaterialId }, { KeyPairSpec }) =>
    encodeOutput<"GenerateDataKeyPairWithoutPlaintext">({
      PrivateKeyCiphertextBlob: privateKeyCiphertext.toString("base64"),
      PublicKey: publicKey.toString("base64"),
      KeyId: keyArn,
      KeyPairSpec,
      KeyMaterialId: keyMaterialId,
    }),
});
