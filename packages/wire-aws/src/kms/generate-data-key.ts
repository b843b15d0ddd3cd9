import { generateDataKey, generateDataKeyWithoutPlaintext } from "@coffer/service";
import { defineCodec, encodeOutput } from "./codec.ts";
import type { GenerateDataKeyWithoutPlaintextRequest } from "./generated/types.ts";
import { encodeSecret } from "./recipient.ts";
import { refuseInput } from "./refuse-parameter.ts";

const bytesBySpec: ReadonlyMap<string, number> = new Map([
  ["AES_256", 32],
  ["AES_128", 16],
]);

/** @throws ServiceError InvalidInput unless exactly one of length and spec is given */
function decodeDataKey(input: GenerateDataKeyWithoutPlaintextRequest) {
  const { KeyId, NumberOfBytes, KeySpec, EncryptionContext } = input;
  const dataKeyBytes = KeySpec === undefined ? NumberOfBytes : bytesBySpec.get(KeySpec);
  if (dataKeyBytes === undefined || (KeySpec !== undefined && NumberOfBytes !== undefined)) {
    refuseInput("Please specify either number of bytes or key spec.");
  }
  return { keyId: KeyId, dataKeyBytes, dataKeySpec: KeySpec, encryptionContext: EncryptionContext };
}

/** AWS KMS: GenerateDataKey. */
export const generateDataKeyCodec = defineCodec("GenerateDataKey", {
  operation: generateDataKey,
  decode: decodeDataKey,
  encode(output) {
    const { keyArn, ciphertext, keyMaterialId } = output;
    const { member, base64 } = encodeSecret(output);
    // Put together by hand, as in Encrypt.
    return `{"CiphertextBlob":"${ciphertext.toString("base64")}","${member}":"${base64}","KeyId":"${keyArn}","KeyMaterialId":"${keyMaterialId}"}`;
  },
});

/** AWS KMS: GenerateDataKeyWithoutPlaintext. */
export const generateDataKeyWithoutPlaintextCodec = defineCodec("GenerateDataKeyWithoutPlaintext", {
  operation: generateDataKeyWithoutPlaintext,
  decode: decodeDataKey,
  encode: ({ keyArn, ciphertext, keyMaterialId }) =>
    encodeOutput<"GenerateDataKeyWithoutPlaintext">({
      CiphertextBlob: ciphertext.toString("base64"),
      KeyId: keyArn,
      KeyMaterialId: keyMaterialId,
    }),
});
