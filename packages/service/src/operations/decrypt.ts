import {
  decryptKmsBlob,
  type EncryptionAlgorithmRow,
  type ExternalBlob,
  findEncryptionAlgorithm,
  type KmsBlob,
  parseExternalBlob,
  parseKmsBlob,
} from "@coffer/crypto";
import { invariant, ServiceError } from "../errors.ts";
import { type ExternalUse, isExternal, openExternally } from "../key-stores/external-message.ts";
import type { KeyEntry } from "../keys/key-entry.ts";
import { limits } from "../limits.ts";
import { defineOperation, type KeyTarget } from "../pipeline/operation.ts";
import { checkBytes } from "./checks.ts";
import { type ContextInput, contextAad, contextConditions, refuseContext, symmetricDefault } from "./message.ts";
import { type RecipientOutput, sealPlaintext } from "./recipient.ts";
import { activeOnly } from "./shared.ts";

export interface DecryptInput extends ContextInput {
  /** At most 6144 bytes. Undefined in a dry run that ignores it, which names the key. */
  readonly ciphertext: Uint8Array | undefined;
  /** When given, the ciphertext must be of this key. An asymmetric key's ciphertext does not name it: it has to be given. */
  readonly keyId?: string | undefined;
}

export interface DecryptOutput extends RecipientOutput {
  readonly keyArn: string;
  /** The public id of the material that decrypted; absent with asymmetric algorithms. */
  readonly keyMaterialId?: string;
}

/** AWS KMS: Decrypt. */
export const decrypt = defineOperation<DecryptInput, DecryptOutput>({
  name: "Decrypt",
  plane: "data",
  readOnly: true,
  keys: [
    {
      action: "kms:Decrypt",
      states: activeOnly,
      usage: "ENCRYPT_DECRYPT",
      inKeyStore: true,
      algorithm: ({ algorithm = symmetricDefault }) => algorithm,
      target: decryptionTarget,
    },
  ],
  conditions: contextConditions,
  record: ({ keyId, encryptionContext, algorithm = symmetricDefault }) => ({
    keyId,
    encryptionContext,
    encryptionAlgorithm: algorithm,
  }),
  run({ core, request, keys, input }) {
    const key = keys[0]!;
    const opened = decryptMessage({ core, request, kmsOperation: "Decrypt" }, key, input);
    return opened instanceof Promise
      ? opened.then((message) => ({ keyArn: key.arn, ...message }))
      : { keyArn: key.arn, ...opened };
  },
  forRecipient: sealPlaintext,
  wipe: ({ plaintext }) => void plaintext.fill(0),
});

/** What Decrypt gives, without the key. */
export type OpenedMessage = Omit<DecryptOutput, "keyArn">;

/**
 * Decrypts with a key; synchronous for a symmetric key whose material is in memory.
 *
 * @throws ServiceError CiphertextInvalid for every cause alike; InvalidInput
 */
export function decryptMessage(
  use: ExternalUse,
  key: KeyEntry,
  input: DecryptInput,
): OpenedMessage | Promise<OpenedMessage> {
  const { algorithm = symmetricDefault, ciphertext, encryptionContext } = input;
  invariant(ciphertext !== undefined, "only a dry run has no ciphertext");
  const row = algorithm === symmetricDefault ? undefined : findEncryptionAlgorithm(algorithm);
  if (row !== undefined) {
    refuseContext(encryptionContext, algorithm);
    return decryptWithPrivateKey(key, row, ciphertext);
  }
  const blob = parseBlob(ciphertext);
  const opened = openMessage(use, key, blob, contextAad(encryptionContext));
  const withId = (plaintext: Buffer) => ({ plaintext, keyMaterialId: key.materialId(blob.keyVersion) });
  return opened instanceof Promise ? opened.then(withId) : withId(opened);
}

async function decryptWithPrivateKey(
  key: KeyEntry,
  { decrypt: run }: EncryptionAlgorithmRow,
  ciphertext: Uint8Array,
): Promise<OpenedMessage> {
  checkBytes(ciphertext, "ciphertextBlob", limits.ciphertextBytes.value);
  return { plaintext: plaintextOf(await run(await key.currentMaterial(), ciphertext)) };
}

/**
 * The key of a ciphertext: the one it names, or with an asymmetric algorithm, whose ciphertexts name none, the one that
 * the caller names.
 *
 * @throws ServiceError as `parseBlob` does; InvalidInput when an asymmetric algorithm comes without a key
 */
export function decryptionTarget({ algorithm, ciphertext, keyId }: DecryptInput): KeyTarget {
  if (ciphertext === undefined) {
    invariant(keyId !== undefined, "a dry run without a ciphertext names the key");
    return { by: "reference", text: keyId };
  }
  if (algorithm === undefined || algorithm === symmetricDefault) return ciphertextTarget(ciphertext, keyId);
  if (keyId !== undefined) return { by: "reference", text: keyId };
  const named = parseKmsBlob(ciphertext);
  if (named !== undefined) return { by: "ciphertext", keyId: named.keyId };
  throw ServiceError.of("InvalidInput", {
    kind: "validation",
    member: "keyId",
    reason: `A key ID is required to decrypt with algorithm ${algorithm}: the ciphertext does not name its key.`,
  });
}

/** A ciphertext blob: of a key whose material is here, or of one in an external key store. */
type MessageBlob = KmsBlob | ExternalBlob;

/** @throws ServiceError InvalidInput when it is too large; CiphertextInvalid when it is no ciphertext of ours */
function parseBlob(ciphertext: Uint8Array): MessageBlob {
  checkBytes(ciphertext, "ciphertextBlob", limits.ciphertextBytes.value);
  const blob = parseKmsBlob(ciphertext) ?? parseExternalBlob(ciphertext);
  if (blob === undefined) throw ServiceError.of("CiphertextInvalid", {});
  return blob;
}

/** The key that a ciphertext names. @throws ServiceError as `parseBlob` does */
function ciphertextTarget(ciphertext: Uint8Array, expected: string | undefined): KeyTarget {
  return { by: "ciphertext", keyId: parseBlob(ciphertext).keyId, expected };
}

/**
 * The plaintext of a KMS ciphertext blob; synchronous when the material is in memory.
 *
 * @throws ServiceError CiphertextInvalid for every cause alike
 */
function openMessage(use: ExternalUse, key: KeyEntry, blob: MessageBlob, aad: Uint8Array): Buffer | Promise<Buffer> {
  if (blob.keyVersion < key.record.transit.minDecryptionVersion) throw ServiceError.of("CiphertextInvalid", {});
  if (blob.algorithm === "XKS-AES-GCM") {
    if (!isExternal(key)) throw ServiceError.of("CiphertextInvalid", {});
    return openExternally(use, key, blob, aad);
  }
  // The proxy of an external key sees such blobs, which the key's own material opens: without the proxy they are nothing.
  if (isExternal(key)) throw ServiceError.of("CiphertextInvalid", {});
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
