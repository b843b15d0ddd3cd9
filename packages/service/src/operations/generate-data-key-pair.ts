import { encodeGeneratedPublicKey, findKeySpec } from "@coffer/crypto";
import { ServiceError } from "../errors.ts";
import { type Call, defineOperation } from "../pipeline/operation.ts";
import { pairQuota } from "../quotas/request-rates.ts";
import { sealMessage } from "./encrypt.ts";
import { type ContextInput, contextAad, contextConditions, symmetricOnly } from "./message.ts";
import { type SecretOutput, sealSecret } from "./recipient.ts";
import { activeOnly, type KeyInput, namedKey } from "./shared.ts";

export interface GenerateDataKeyPairInput extends KeyInput, ContextInput {
  /** AWS's key spec of a pair, such as `ECC_NIST_P256`. */
  readonly keyPairSpec: string;
}

export interface GenerateDataKeyPairWithoutPlaintextOutput {
  readonly keyArn: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
  /** The private key (PKCS#8, DER) as a KMS ciphertext blob. */
  readonly privateKeyCiphertext: Buffer;
  /** The public id of the material that encrypted the private key. */
  readonly keyMaterialId: string;
}

/** The secret is the private key: PKCS#8, DER (RFC 5958). */
export interface GenerateDataKeyPairOutput extends GenerateDataKeyPairWithoutPlaintextOutput, SecretOutput {}

function conditions(input: GenerateDataKeyPairInput) {
  return new Map([...contextConditions(input), ["kms:datakeypairspec", [input.keyPairSpec]]]);
}

function record({ keyId, keyPairSpec, encryptionContext }: GenerateDataKeyPairInput) {
  return { keyId, keyPairSpec, encryptionContext };
}

/** @throws ServiceError Unsupported for a spec without pairs; InvalidInput for the encryption context */
async function generate({
  core,
  request,
  keys,
  input,
}: Call<GenerateDataKeyPairInput>): Promise<GenerateDataKeyPairOutput> {
  const key = keys[0]!;
  const spec = findKeySpec(input.keyPairSpec);
  if (spec === undefined || spec.kind !== "pair") {
    throw ServiceError.of("Unsupported", { reason: `KeyPairSpec ${input.keyPairSpec} is not supported.` });
  }
  const aad = contextAad(input.encryptionContext);
  // Only keys with their own material come here, so nothing is told of it.
  const use = { core, request, kmsOperation: "GenerateDataKeyPair" };
  const privateKey = await spec.generate();
  try {
    return {
      keyArn: key.arn,
      secret: privateKey,
      publicKey: encodeGeneratedPublicKey(privateKey),
      privateKeyCiphertext: await privateKey.use(async (plaintext) => sealMessage(use, key, plaintext, aad)),
      keyMaterialId: key.materialId(key.record.currentVersion),
    };
  } catch (error) {
    privateKey.dispose();
    throw error;
  }
}

/** AWS KMS: GenerateDataKeyPair. */
export const generateDataKeyPair = defineOperation<GenerateDataKeyPairInput, GenerateDataKeyPairOutput>({
  name: "GenerateDataKeyPair",
  plane: "data",
  quota: ({ keyPairSpec }) => pairQuota(keyPairSpec),
  readOnly: true,
  keys: [namedKey("kms:GenerateDataKeyPair", activeOnly, symmetricOnly)],
  conditions,
  record,
  run: generate,
  forRecipient: sealSecret,
  wipe: ({ secret }) => secret.dispose(),
});

/** AWS KMS: GenerateDataKeyPairWithoutPlaintext. */
export const generateDataKeyPairWithoutPlaintext = defineOperation<
  GenerateDataKeyPairInput,
  GenerateDataKeyPairWithoutPlaintextOutput
>({
  name: "GenerateDataKeyPairWithoutPlaintext",
  plane: "data",
  quota: ({ keyPairSpec }) => pairQuota(keyPairSpec),
  readOnly: true,
  keys: [namedKey("kms:GenerateDataKeyPairWithoutPlaintext", activeOnly, symmetricOnly)],
  conditions,
  record,
  async run(call) {
    const { secret, ...output } = await generate(call);
    secret.dispose();
    return output;
  },
});
