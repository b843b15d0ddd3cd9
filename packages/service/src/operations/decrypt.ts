import { decryptKmsBlob, type KmsBlob, parseKmsBlob } from "@coffer/crypto";
import { ServiceError } from "../errors.ts";
import type { KeyEntry } from "../keys/key-entry.ts";
import { limits } from "../limits.ts";
import { defineOperation, type KeyTarget } from "../pipeline/operation.ts";
import { checkBytes } from "./checks.ts";
import { type ContextInput, checkAlgorithm, contextAad, contextConditions } from "./message.ts";
import { type RecipientOutput, sealPlaintext } from "./recipient.ts";
import { activeOnly } from "./shared.ts";

export interface DecryptInput extends ContextInput {
  /** At most 6144 bytes. */
  readonly ciphertext: Uint8Array;
  /** When given, the ciphertext must be of this key. */
  readonly keyId?: string | undefined;
  /** AWS's name of the algorithm; the key's own when absent. */
  readonly algorithm?: string | undefined;
}

export interface DecryptOutput extends RecipientOutput {
  readonly keyArn: string;
  /** The public id of the material that decrypted. */
  readonly keyMaterialId: string;
}

/** AWS KMS: Decrypt, with a symmetric key. */
export const decrypt = defineOperation<DecryptInput, DecryptOutput>({
  name: "Decrypt",
  plane: "data",
  readOnly: true,
  keys: [
    {
      action: "kms:Decrypt",
      states: activeOnly,
      usage: "ENCRYPT_DECRYPT",
      target: ({ ciphertext, keyId }) => ciphertextTarget(ciphertext, keyId),
    },
  ],
  conditions: contextConditions,
  record: ({ keyId, encryptionContext }) => ({ keyId, encryptionContext, encryptionAlgorithm: "SYMMETRIC_DEFAULT" }),
  run({ keys, input }) {
    const key = keys[0]!;
    checkAlgorithm(key, input.algorithm, "Decrypt");
    const blob = parseBlob(input.ciphertext);
    const opened = openMessage(key, blob, contextAad(input.encryptionContext));
    return opened instanceof Promise
      ? opened.then((plaintext) => outputOf(key, blob, plaintext))
      : outputOf(key, blob, opened);
  },
  forRecipient: sealPlaintext,
  wipe: ({ plaintext }) => void plaintext.fill(0),
});

function outputOf(key: KeyEntry, blob: KmsBlob, plaintext: Buffer): DecryptOutput {
  return { keyArn: key.arn, plaintext, keyMaterialId: key.materialId(blob.keyVersion) };
}

/** @throws ServiceError InvalidInput when it is too large; CiphertextInvalid when it is no ciphertext of ours */
export function parseBlob(ciphertext: Uint8Array): KmsBlob {
  checkBytes(ciphertext, "ciphertextBlob", limits.ciphertextBytes.value);
  const blob = parseKmsBlob(ciphertext);
  if (blob === undefined) throw ServiceError.of("CiphertextInvalid", {});
  return blob;
}

/** The key that a ciphertext names. @throws ServiceError as `parseBlob` does */
export function ciphertextTarget(ciphertext: Uint8Array, expected: string | undefined): KeyTarget {
  return { by: "ciphertext", keyId: parseBlob(ciphertext).keyId, expected };
}

/**
 * The plaintext of a KMS ciphertext blob; synchronous when the material is in memory.
 *
 * @throws ServiceError CiphertextInvalid for every cause alike
 */
export function openMessage(key: KeyEntry, blob: KmsBlob, aad: Uint8Array): Buffer | Promise<Buffer> {
  if (blob.keyVersion < key.record.transit.minDecryptionVersion) throw ServiceError.of("CiphertextInvalid", {});
  const material = key.cachedMaterial(blob.keyVersion);
  if (material !== undefined) return plaintextOf(decryptKmsBlob(blob, material, aad));
  return key
    .material(blob.keyVersion)
    .then((loaded) => plaintextOf(loaded === undefined ? undefined : decryptKmsBlob(blob, loaded, aad)));
}

function plaintextOf(plaintext: Buffer | undefined): Buffer {
  if (plaintext === undefined) throw ServiceError.of("CiphertextInvalid", {});
  return plaintext;
}
