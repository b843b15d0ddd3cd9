import { defineOperation } from "../pipeline/operation.ts";
import { type DecryptInput, decryptionTarget, decryptMessage } from "./decrypt.ts";
import { encryptMessage } from "./encrypt.ts";
import { type ContextInput, contextConditions, type EncryptionContext, symmetricDefault } from "./message.ts";
import { activeOnly } from "./shared.ts";

export interface ReEncryptInput {
  /** Undefined in a dry run that ignores it, which names the source key. */
  readonly ciphertext: Uint8Array | undefined;
  readonly sourceKeyId?: string | undefined;
  /** AWS's names of the algorithms; `SYMMETRIC_DEFAULT` when absent. */
  readonly sourceAlgorithm?: string | undefined;
  readonly destinationAlgorithm?: string | undefined;
  readonly sourceEncryptionContext?: EncryptionContext | undefined;
  readonly destinationKeyId: string;
  readonly destinationEncryptionContext?: EncryptionContext | undefined;
}

export interface ReEncryptOutput {
  readonly ciphertext: Buffer;
  readonly sourceKeyArn: string;
  readonly keyArn: string;
  /** The public ids of the materials that decrypted and encrypted; absent with asymmetric algorithms. */
  readonly sourceKeyMaterialId?: string;
  readonly destinationKeyMaterialId?: string;
}

function sourceOf(input: ReEncryptInput): DecryptInput {
  const { ciphertext, sourceKeyId: keyId, sourceAlgorithm: algorithm, sourceEncryptionContext } = input;
  return { ciphertext, keyId, algorithm, encryptionContext: sourceEncryptionContext };
}

function destinationOf({ destinationAlgorithm, destinationEncryptionContext }: ReEncryptInput): ContextInput {
  return { algorithm: destinationAlgorithm, encryptionContext: destinationEncryptionContext };
}

/** AWS KMS: ReEncrypt. The plaintext never leaves this function. */
export const reEncrypt = defineOperation<ReEncryptInput, ReEncryptOutput>({
  name: "ReEncrypt",
  plane: "data",
  readOnly: true,
  keys: [
    {
      action: "kms:ReEncryptFrom",
      states: activeOnly,
      usage: "ENCRYPT_DECRYPT",
      inKeyStore: true,
      algorithm: ({ sourceAlgorithm = symmetricDefault }) => sourceAlgorithm,
      target: (input) => decryptionTarget(sourceOf(input)),
      conditions: (input) => contextConditions(sourceOf(input)),
    },
    {
      action: "kms:ReEncryptTo",
      states: activeOnly,
      usage: "ENCRYPT_DECRYPT",
      inKeyStore: true,
      algorithm: ({ destinationAlgorithm = symmetricDefault }) => destinationAlgorithm,
      target: ({ destinationKeyId }) => ({ by: "reference", text: destinationKeyId }),
      conditions: (input) => contextConditions(destinationOf(input)),
    },
  ],
  record: (input) => ({
    sourceKeyId: input.sourceKeyId,
    sourceEncryptionContext: input.sourceEncryptionContext,
    destinationKeyId: input.destinationKeyId,
    destinationEncryptionContext: input.destinationEncryptionContext,
    sourceEncryptionAlgorithm: input.sourceAlgorithm ?? symmetricDefault,
    destinationEncryptionAlgorithm: input.destinationAlgorithm ?? symmetricDefault,
  }),
  async run({ core, request, keys, input }) {
    const use = { core, request, kmsOperation: "ReEncrypt" };
    const [source, destination] = [keys[0]!, keys[1]!];
    const { plaintext, keyMaterialId } = await decryptMessage(use, source, sourceOf(input));
    try {
      return {
        ciphertext: await encryptMessage(use, destination, { plaintext, ...destinationOf(input) }),
        sourceKeyArn: source.arn,
        keyArn: destination.arn,
        ...(keyMaterialId === undefined ? {} : { sourceKeyMaterialId: keyMaterialId }),
        ...(destination.isSymmetricEncryption
          ? { destinationKeyMaterialId: destination.materialId(destination.record.currentVersion) }
          : {}),
      };
    } finally {
      plaintext.fill(0);
    }
  },
});
