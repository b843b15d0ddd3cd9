import { limits } from "../limits.ts";
import { type Call, defineOperation } from "../pipeline/operation.ts";
import { checkRange } from "./checks.ts";
import { sealMessage } from "./encrypt.ts";
import { type ContextInput, contextAad, contextConditions, symmetricOnly } from "./message.ts";
import { type RecipientOutput, sealPlaintext } from "./recipient.ts";
import { activeOnly, type KeyInput, namedKey } from "./shared.ts";

export interface GenerateDataKeyInput extends KeyInput, ContextInput {
  /** 1 to 1024 bytes. */
  readonly dataKeyBytes: number;
  /** AWS's name of the length, for the audit record. */
  readonly dataKeySpec?: string | undefined;
}

export interface GenerateDataKeyOutput extends RecipientOutput {
  readonly keyArn: string;
  readonly ciphertext: Buffer;
  /** The public id of the material that encrypted the data key. */
  readonly keyMaterialId: string;
}

export interface GenerateDataKeyWithoutPlaintextOutput {
  readonly keyArn: string;
  readonly ciphertext: Buffer;
  readonly keyMaterialId: string;
}

function record({ keyId, encryptionContext, dataKeySpec, dataKeyBytes }: GenerateDataKeyInput) {
  return dataKeySpec === undefined
    ? { keyId, encryptionContext, numberOfBytes: dataKeyBytes }
    : { keyId, encryptionContext, keySpec: dataKeySpec };
}

async function generate(
  { core, request, keys, input }: Call<GenerateDataKeyInput>,
  kmsOperation: string,
): Promise<GenerateDataKeyOutput> {
  const key = keys[0]!;
  checkRange(input.dataKeyBytes, "numberOfBytes", 1, limits.dataKeyBytes.value);
  const aad = contextAad(input.encryptionContext);
  const plaintext = core.randomness.bytes(input.dataKeyBytes);
  try {
    const ciphertext = await sealMessage({ core, request, kmsOperation }, key, plaintext, aad);
    return { keyArn: key.arn, plaintext, ciphertext, keyMaterialId: key.materialId(key.record.currentVersion) };
  } catch (error) {
    plaintext.fill(0);
    throw error;
  }
}

/** AWS KMS: GenerateDataKey. */
export const generateDataKey = defineOperation<GenerateDataKeyInput, GenerateDataKeyOutput>({
  name: "GenerateDataKey",
  plane: "data",
  readOnly: true,
  keys: [namedKey("kms:GenerateDataKey", activeOnly, { ...symmetricOnly, inKeyStore: true })],
  conditions: contextConditions,
  record,
  run: (call) => generate(call, "GenerateDataKey"),
  forRecipient: sealPlaintext,
  wipe: ({ plaintext }) => void plaintext.fill(0),
});

/** AWS KMS: GenerateDataKeyWithoutPlaintext. */
export const generateDataKeyWithoutPlaintext = defineOperation<
  GenerateDataKeyInput,
  GenerateDataKeyWithoutPlaintextOutput
>({
  name: "GenerateDataKeyWithoutPlaintext",
  plane: "data",
  readOnly: true,
  keys: [namedKey("kms:GenerateDataKeyWithoutPlaintext", activeOnly, { ...symmetricOnly, inKeyStore: true })],
  conditions: contextConditions,
  record,
  async run(call) {
    const { plaintext, ...output } = await generate(call, "GenerateDataKeyWithoutPlaintext");
    plaintext.fill(0);
    return output;
  },
});
