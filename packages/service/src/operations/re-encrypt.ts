import { defineOperation } from "../pipeline/operation.ts";
import { ciphertextTarget, openMessage, parseBlob } from "./decrypt.ts";
import { sealMessage } from "./encrypt.ts";
import { checkAlgorithm, contextAad, contextConditions, type EncryptionContext } from "./message.ts";
import { activeOnly } from "./shared.ts";

export interface ReEncryptInput {
  readonly ciphertext: Uint8Array;
  readonly sourceKeyId?: string | undefined;
  /** AWS's names of the algorithms; the keys' own when absent. */
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
  /** The public ids of the materials that decrypted and encrypted. */
  readonly sourceKeyMaterialId: string;
  readonly destinationKeyMaterialId: string;
}

/** AWS KMS: ReEncrypt, between symmetric keys. The plaintext never leaves this function. */
export const reEncrypt = defineOperation<ReEncryptInput, ReEncryptOutput>({
  name: "ReEncrypt",
  plane: "data",
  readOnly: true,
  keys: [
    {
      action: "kms:ReEncryptFrom",
      states: activeOnly,
      usage: "ENCRYPT_DECRYPT",
      target: ({ ciphertext, sourceKeyId }) => ciphertextTarget(ciphertext, sourceKeyId),
      conditions: ({ sourceEncryptionContext }) => contextConditions({ encryptionContext: sourceEncryptionContext }),
    },
    {
      action: "kms:ReEncryptTo",
      states: activeOnly,
      usage: "ENCRYPT_DECRYPT",
      target: ({ destinationKeyId }) => ({ by: "reference", text: destinationKeyId }),
      conditions: ({ destinationEncryptionContext }) =>
        contextConditions({ encryptionContext: destinationEncryptionContext }),
    },
  ],
  record: (input) => ({
    sourceKeyId: input.sourceKeyId,
    sourceEncryptionContext: input.sourceEncryptionContext,
    destinationKeyId: input.destinationKeyId,
    destinationEncryptionContext: input.destinationEncryptionContext,
    sourceEncryptionAlgorithm: "SYMMETRIC_DEFAULT",
    destinationEncryptionAlgorithm: "SYMMETRIC_DEFAULT",
  }),
  async run({ keys, input }) {
    const [source, destination] = [keys[0]!, keys[1]!];
    checkAlgorithm(source, input.sourceAlgorithm, "ReEncrypt");
    checkAlgorithm(destination, input.destinationAlgorithm, "ReEncrypt");
    const destinationAad = contextAad(input.destinationEncryptionContext);
    const blob = parseBlob(input.ciphertext);
    const plaintext = await openMessage(source, blob, contextAad(input.sourceEncryptionContext));
    try {
      const ciphertext = await sealMessage(destination, plaintext, destinationAad);
      return {
        ciphertext,
        sourceKeyArn: source.arn,
        keyArn: destination.arn,
        sourceKeyMaterialId: source.materialId(blob.keyVersion),
        destinationKeyMaterialId: destination.materialId(destination.record.currentVersion),
      };
    } finally {
      plaintext.fill(0);
    }
  },
});
