import { type EncryptionAlgorithmRow, encryptKmsBlob, findEncryptionAlgorithm } from "@coffer/crypto";
import { ServiceError } from "../errors.ts";
import { type ExternalUse, isExternal, sealExternally } from "../key-stores/external-message.ts";
import type { KeyEntry } from "../keys/key-entry.ts";
import { limits } from "../limits.ts";
import { defineOperation } from "../pipeline/operation.ts";
import { checkBytes } from "./checks.ts";
import { type ContextInput, contextAad, contextConditions, refuseContext, symmetricDefault } from "./message.ts";
import { activeOnly, type KeyInput, namedKey } from "./shared.ts";

export interface EncryptInput extends KeyInput, ContextInput {
  /** 1 to 4096 bytes, fewer with RSA; owned and wiped by the caller. */
  readonly plaintext: Uint8Array;
}

export interface EncryptOutput {
  readonly keyArn: string;
  readonly ciphertext: Buffer;
}

const algorithmOf = ({ algorithm }: EncryptInput) => algorithm ?? symmetricDefault;

/** AWS KMS: Encrypt. */
export const encrypt = defineOperation<EncryptInput, EncryptOutput>({
  name: "Encrypt",
  plane: "data",
  readOnly: true,
  keys: [namedKey("kms:Encrypt", activeOnly, { usage: "ENCRYPT_DECRYPT", algorithm: algorithmOf, inKeyStore: true })],
  conditions: contextConditions,
  record: ({ keyId, encryptionContext, algorithm = symmetricDefault }) => ({
    keyId,
    encryptionContext,
    encryptionAlgorithm: algorithm,
  }),
  run({ core, request, keys, input }) {
    const key = keys[0]!;
    checkBytes(input.plaintext, "plaintext", limits.plaintextBytes.value);
    const sealed = encryptMessage({ core, request, kmsOperation: "Encrypt" }, key, input);
    return sealed instanceof Promise
      ? sealed.then((ciphertext) => ({ keyArn: key.arn, ciphertext }))
      : { keyArn: key.arn, ciphertext: sealed };
  },
});

/** A plaintext, the algorithm to encrypt it with, and what is bound to it. */
export interface Message extends ContextInput {
  readonly plaintext: Uint8Array;
}

/**
 * Encrypts under a key's newest version; synchronous for a symmetric key whose material is in memory.
 *
 * @throws ServiceError InvalidInput for a plaintext too long, or a context too long or out of place
 */
export function encryptMessage(use: ExternalUse, key: KeyEntry, message: Message): Buffer | Promise<Buffer> {
  const { algorithm = symmetricDefault, encryptionContext, plaintext } = message;
  const row = algorithm === symmetricDefault ? undefined : findEncryptionAlgorithm(algorithm);
  if (row === undefined) return sealMessage(use, key, plaintext, contextAad(encryptionContext));
  refuseContext(encryptionContext, algorithm);
  return encryptToPublicKey(key, row, plaintext);
}

/** A KMS ciphertext blob under the key's newest version; synchronous when its material is in memory. */
export function sealMessage(
  use: ExternalUse,
  key: KeyEntry,
  plaintext: Uint8Array,
  aad: Uint8Array,
): Buffer | Promise<Buffer> {
  if (isExternal(key)) return sealExternally(use, key, plaintext, aad);
  const { keyId, currentVersion: keyVersion } = key.record;
  const material = key.cachedCurrentMaterial;
  if (material !== undefined) return encryptKmsBlob({ material, keyId, keyVersion, plaintext, aad });
  return key
    .currentMaterial()
    .then((loaded) => encryptKmsBlob({ material: loaded, keyId, keyVersion, plaintext, aad }));
}

async function encryptToPublicKey(
  key: KeyEntry,
  { name, maxPlaintextBytes, encrypt: run }: EncryptionAlgorithmRow,
  plaintext: Uint8Array,
): Promise<Buffer> {
  const publicKey = await key.currentPublicKey();
  const max = maxPlaintextBytes(publicKey);
  if (plaintext.byteLength > max) {
    throw ServiceError.of("InvalidInput", {
      kind: "size",
      member: "plaintext",
      reason: `Algorithm ${name} and key spec ${key.record.spec} cannot encrypt data larger than ${max} bytes.`,
    });
  }
  return run(publicKey, plaintext);
}
