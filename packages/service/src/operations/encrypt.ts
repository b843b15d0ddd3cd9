import { encryptKmsBlob } from "@coffer/crypto";
import type { KeyEntry } from "../keys/key-entry.ts";
import { limits } from "../limits.ts";
import { defineOperation } from "../pipeline/operation.ts";
import { checkBytes } from "./checks.ts";
import { type ContextInput, checkAlgorithm, contextAad, contextConditions } from "./message.ts";
import { activeOnly, type KeyInput, namedKey } from "./shared.ts";

export interface EncryptInput extends KeyInput, ContextInput {
  /** 1 to 4096 bytes; owned and wiped by the caller. */
  readonly plaintext: Uint8Array;
  /** AWS's name of the algorithm; the key's own when absent. */
  readonly algorithm?: string | undefined;
}

export interface EncryptOutput {
  readonly keyArn: string;
  readonly ciphertext: Buffer;
}

/** AWS KMS: Encrypt, with a symmetric key. */
export const encrypt = defineOperation<EncryptInput, EncryptOutput>({
  name: "Encrypt",
  plane: "data",
  readOnly: true,
  keys: [namedKey("kms:Encrypt", activeOnly, { usage: "ENCRYPT_DECRYPT" })],
  conditions: contextConditions,
  record: ({ keyId, encryptionContext }) => ({ keyId, encryptionContext, encryptionAlgorithm: "SYMMETRIC_DEFAULT" }),
  run({ keys, input }) {
    const key = keys[0]!;
    checkAlgorithm(key, input.algorithm, "Encrypt");
    checkBytes(input.plaintext, "plaintext", limits.plaintextBytes.value);
    const aad = contextAad(input.encryptionContext);
    const sealed = sealMessage(key, input.plaintext, aad);
    return sealed instanceof Promise
      ? sealed.then((ciphertext) => ({ keyArn: key.arn, ciphertext }))
      : { keyArn: key.arn, ciphertext: sealed };
  },
});

/** A KMS ciphertext blob under the key's newest version; synchronous when its material is in memory. */
export function sealMessage(key: KeyEntry, plaintext: Uint8Array, aad: Uint8Array): Buffer | Promise<Buffer> {
  const { keyId, currentVersion: keyVersion } = key.record;
  const material = key.cachedCurrentMaterial;
  if (material !== undefined) return encryptKmsBlob({ material, keyId, keyVersion, plaintext, aad });
  return key
    .currentMaterial()
    .then((loaded) => encryptKmsBlob({ material: loaded, keyId, keyVersion, plaintext, aad }));
}
