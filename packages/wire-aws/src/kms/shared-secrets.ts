import { decapsulate, deriveSharedSecret, encapsulate } from "@coffer/service";
import { defineCodec, encodeOutput } from "./codec.ts";
import { encodeSecretBytes } from "./recipient.ts";

/** AWS KMS: DeriveSharedSecret. */
export const deriveSharedSecretCodec = defineCodec("DeriveSharedSecret", {
  operation: deriveSharedSecret,
  decode: ({ KeyId, KeyAgreementAlgorithm, PublicKey }) => ({
    keyId: KeyId,
    algorithm: KeyAgreementAlgorithm,
    publicKey: PublicKey,
  }),
  encode: (output, { KeyAgreementAlgorithm }) =>
    encodeOutput<"DeriveSharedSecret">({
      KeyId: output.keyArn,
      ...encodeSecretBytes("SharedSecret", output),
      KeyAgreementAlgorithm,
      KeyOrigin: output.keyOrigin,
    }),
});

/** AWS KMS: Encapsulate. */
export const encapsulateCodec = defineCodec("Encapsulate", {
  operation: encapsulate,
  decode: ({ KeyId, EncapsulationAlgorithm }) => ({ keyId: KeyId, algorithm: EncapsulationAlgorithm }),
  encode: (output, { EncapsulationAlgorithm }) =>
    encodeOutput<"Encapsulate">({
      KeyId: output.keyArn,
      ...encodeSecretBytes("SharedSecret", output),
      SharedSecretCiphertextBlob: output.ciphertext.toString("base64"),
      EncapsulationAlgorithm,
    }),
});

/** AWS KMS: Decapsulate. */
export const decapsulateCodec = defineCodec("Decapsulate", {
  operation: decapsulate,
  decode: ({ KeyId, SharedSecretCiphertextBlob, EncapsulationAlgorithm }) => ({
    keyId: KeyId,
    algorithm: EncapsulationAlgorithm,
    ciphertext: SharedSecretCiphertextBlob,
  }),
  encode: (output, { EncapsulationAlgorithm }) =>
    encodeOutput<"Decapsulate">({
      KeyId: output.keyArn,
      ...encodeSecretBytes("SharedSecret", output),
      EncapsulationAlgorithm,
    }),
});
