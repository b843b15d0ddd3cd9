import { decrypt } from "@coffer/service";
import { defineCodec } from "./codec.ts";
import { refuseInput, refuseRecipient, refuseUnsupported } from "./refuse-parameter.ts";

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
    refuseRecipient(input.Recipient);
    return {
      ciphertext: requireCiphertext(input.CiphertextBlob, input.DryRunModifiers),
      keyId: input.KeyId,
      encryptionContext: input.EncryptionContext,
      algorithm: input.EncryptionAlgorithm,
    };
  },
  encode({ keyArn, plaintext, keyMaterialId }, { EncryptionAlgorithm }) {
    const encoded = plaintext.toString("base64");
    plaintext.fill(0);
    // Put together by hand, as in Encrypt.
    return `{"KeyId":"${keyArn}","Plaintext":"${encoded}","EncryptionAlgorithm":"${EncryptionAlgorithm ?? "SYMMETRIC_DEFAULT"}","KeyMaterialId":"${keyMaterialId}"}`;
  },
});
