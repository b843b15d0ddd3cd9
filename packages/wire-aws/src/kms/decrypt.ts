import { decrypt } from "@coffer/service";
import { defineCodec, ignoresCiphertext } from "./codec.ts";
import { encodeSecret } from "./recipient.ts";
import { refuseInput } from "./refuse-parameter.ts";

interface CiphertextRequest {
  readonly CiphertextBlob?: Buffer | undefined;
  readonly DryRun?: boolean | undefined;
  readonly DryRunModifiers?: readonly string[] | undefined;
}

/**
 * The ciphertext of a request. The model calls it optional, for the dry runs that ignore it and name the key instead.
 *
 * @param keyReference the caller's own reference to the key of the ciphertext
 * @param keyMember the member that has it, in lower camel case
 * @throws ServiceError InvalidInput
 */
export function requireCiphertext(
  request: CiphertextRequest,
  keyReference: string | undefined,
  keyMember: string,
): Buffer | undefined {
  const ignored = ignoresCiphertext(request);
  const missing = ignored ? keyReference === undefined : request.CiphertextBlob === undefined;
  if (missing) {
    const member = ignored ? keyMember : "ciphertextBlob";
    refuseInput(
      `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
      member,
    );
  }
  return ignored ? undefined : request.CiphertextBlob;
}

/** AWS KMS: Decrypt. */
export const decryptCodec = defineCodec("Decrypt", {
  operation: decrypt,
  decode(input) {
    return {
      ciphertext: requireCiphertext(input, input.KeyId, "keyId"),
      keyId: input.KeyId,
      encryptionContext: input.EncryptionContext,
      algorithm: input.EncryptionAlgorithm,
    };
  },
  encode(output, { EncryptionAlgorithm }) {
    const { keyArn, keyMaterialId } = output;
    const { member, base64 } = encodeSecret(output);
    // Put together by hand, as in Encrypt.
    return `{"KeyId":"${keyArn}","${member}":"${base64}","EncryptionAlgorithm":"${EncryptionAlgorithm ?? "SYMMETRIC_DEFAULT"}"${
      keyMaterialId === undefined ? "" : `,"KeyMaterialId":"${keyMaterialId}"`
    }}`;
  },
});
