import { decrypt } from "@coffer/service";
import { defineCodec } from "./codec.ts";
import { encodeSecret } from "./recipient.ts";
import { refuseInput, refuseUnsupported } from "./refuse-parameter.ts";

/**
 * The ciphertext of a request. The model calls it optional, for the dry runs that name none.
 *
 * @throws ServiceError InvalidInput, Unsupported
 */
export function requireCiphertext(blob: Buffer | undefined, dryRunModifiers: readonly string[] | undefined): Buffer {
  if (dryRunModifiers !== undefined && dryRunModifiers.length > 0) refuseUnsupported("DryRunModifiers");
  if (blob !== undefined) return blob;
  refuseInput(
    "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null",
    "ciphertextBlob",
  );
}

/** AWS KMS: Decrypt. */
export const decryptCodec = defineCodec("Decrypt", {
  operation: decrypt,
  decode(input) {
    return {
      ciphertext: requireCiphertext(input.CiphertextBlob, input.DryRunModifiers),
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
