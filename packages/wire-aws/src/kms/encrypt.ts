import { encrypt } from "@coffer/service";
import { defineCodec } from "./codec.ts";

/** AWS KMS: Encrypt. */
export const encryptCodec = defineCodec("Encrypt", {
  operation: encrypt,
  decode: ({ KeyId, Plaintext, EncryptionContext, EncryptionAlgorithm }) => ({
    keyId: KeyId,
    plaintext: Plaintext,
    encryptionContext: EncryptionContext,
    algorithm: EncryptionAlgorithm,
  }),
  // Put together by hand: no value here can hold a character that JSON escapes, and this is the hottest answer.
  encode: ({ keyArn, ciphertext }, { EncryptionAlgorithm }) =>
    `{"CiphertextBlob":"${ciphertext.toString("base64")}","KeyId":"${keyArn}","EncryptionAlgorithm":"${EncryptionAlgorithm ?? "SYMMETRIC_DEFAULT"}"}`,
  wipe: ({ Plaintext }) => Plaintext.fill(0),
});
