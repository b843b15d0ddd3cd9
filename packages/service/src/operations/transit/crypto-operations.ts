import { limits } from "../../limits.ts";
import { type Call, defineOperation } from "../../pipeline/operation.ts";
import { checkRange } from "../checks.ts";
import { activeOnly, type KeyInput, namedKey } from "../shared.ts";
import {
  decryptItem,
  encryptItem,
  encryptionKeyOf,
  type TransitCiphertext,
  type TransitCiphertextItem,
  type TransitEncryptionKey,
  type TransitPlaintextItem,
  type TransitResult,
} from "./items.ts";
import { checkUse, type TransitUse } from "./uses.ts";

/** One key, any number of items; resolved and authorized once. The wire limits their number and size. */
export interface TransitBatch<Item> extends KeyInput {
  readonly items: readonly Item[];
}

export interface TransitBatchOutput<Value> {
  /** Transit's name of the key's type. */
  readonly keyType: string;
  readonly results: readonly TransitResult<Value>[];
}

/** The operation's key, once it is known that it may be used so. @throws ServiceError InvalidInput, KeyUsageMismatch */
function usable({ keys }: Pick<Call<unknown>, "keys">, use: TransitUse, operation: string): TransitEncryptionKey {
  const key = keys[0]!;
  return encryptionKeyOf(key, checkUse(key, use, operation));
}

function recordBatch({ keyId, items }: TransitBatch<unknown>) {
  return { keyId, items: items.length };
}

/** Vault API: Transit, encrypt data. */
export const transitEncrypt = defineOperation<
  TransitBatch<TransitPlaintextItem>,
  TransitBatchOutput<TransitCiphertext>
>({
  name: "Encrypt",
  plane: "data",
  readOnly: true,
  keys: [namedKey("kms:Encrypt", activeOnly)],
  record: recordBatch,
  async run({ keys, input }) {
    const key = usable({ keys }, "encrypt", "Encrypt");
    const results: TransitResult<TransitCiphertext>[] = [];
    for (const item of input.items) {
      const result = encryptItem(key, item);
      // A batch whose material is in memory never leaves this turn of the event loop: an await costs as much as parsing.
      results.push(result instanceof Promise ? await result : result);
    }
    return { keyType: key.type, results };
  },
});

function wipePlaintexts(results: readonly TransitResult<Buffer>[]): void {
  for (const result of results) if (result.ok) result.value.fill(0);
}

/** Vault API: Transit, decrypt data. */
export const transitDecrypt = defineOperation<TransitBatch<TransitCiphertextItem>, TransitBatchOutput<Buffer>>({
  name: "Decrypt",
  plane: "data",
  readOnly: true,
  keys: [namedKey("kms:Decrypt", activeOnly)],
  record: recordBatch,
  async run({ keys, input }) {
    const key = usable({ keys }, "decrypt", "Decrypt");
    const results: TransitResult<Buffer>[] = [];
    try {
      for (const item of input.items) {
        const result = decryptItem(key, item);
        results.push(result instanceof Promise ? await result : result);
      }
      return { keyType: key.type, results };
    } catch (error) {
      wipePlaintexts(results);
      throw error;
    }
  },
  wipe: ({ results }) => wipePlaintexts(results),
});

export interface TransitRewrapItem extends TransitCiphertextItem {
  readonly keyVersion?: number | undefined;
}

/** Vault API: Transit, rewrap data. The plaintext never leaves this function. */
export const transitRewrap = defineOperation<TransitBatch<TransitRewrapItem>, TransitBatchOutput<TransitCiphertext>>({
  name: "ReEncrypt",
  plane: "data",
  readOnly: true,
  keys: [namedKey("kms:ReEncryptFrom", activeOnly), namedKey("kms:ReEncryptTo", activeOnly)],
  record: recordBatch,
  async run({ keys, input }) {
    const key = usable({ keys }, "decrypt", "ReEncrypt");
    const results: TransitResult<TransitCiphertext>[] = [];
    for (const item of input.items) {
      const opened = await decryptItem(key, item);
      if (!opened.ok) {
        results.push(opened);
        continue;
      }
      const { aad, context, keyVersion } = item;
      try {
        results.push(await encryptItem(key, { plaintext: opened.value, aad, context, keyVersion }));
      } finally {
        opened.value.fill(0);
      }
    }
    return { keyType: key.type, results };
  },
});

export interface TransitDataKeyInput extends KeyInput {
  /** 16, 32 or 64. */
  readonly dataKeyBytes: number;
  /** 0 or absent: the latest. */
  readonly keyVersion?: number | undefined;
  readonly aad?: Uint8Array | undefined;
  readonly context?: Uint8Array | undefined;
}

export interface TransitDataKeyOutput {
  /** Owned by the caller, who wipes it. */
  readonly plaintext: Buffer;
  readonly result: TransitResult<TransitCiphertext>;
}

function newDataKey({ core, input: { dataKeyBytes } }: Call<TransitDataKeyInput>): Buffer {
  checkRange(dataKeyBytes, "bits", 1, limits.dataKeyBytes.value);
  return core.randomness.bytes(dataKeyBytes);
}

/** Vault API: Transit, generate data key (`plaintext`). */
export const transitDataKey = defineOperation<TransitDataKeyInput, TransitDataKeyOutput>({
  name: "GenerateDataKey",
  plane: "data",
  readOnly: true,
  keys: [namedKey("kms:GenerateDataKey", activeOnly)],
  record: ({ keyId, dataKeyBytes }) => ({ keyId, numberOfBytes: dataKeyBytes }),
  async run(call) {
    const key = usable(call, "encrypt", "GenerateDataKey");
    const plaintext = newDataKey(call);
    const { aad, context, keyVersion } = call.input;
    try {
      return { plaintext, result: await encryptItem(key, { plaintext, aad, context, keyVersion }) };
    } catch (error) {
      plaintext.fill(0);
      throw error;
    }
  },
  wipe: ({ plaintext }) => void plaintext.fill(0),
});

/** Vault API: Transit, generate data key (`wrapped`). */
export const transitDataKeyWithoutPlaintext = defineOperation<TransitDataKeyInput, TransitResult<TransitCiphertext>>({
  name: "GenerateDataKeyWithoutPlaintext",
  plane: "data",
  readOnly: true,
  keys: [namedKey("kms:GenerateDataKeyWithoutPlaintext", activeOnly)],
  record: ({ keyId, dataKeyBytes }) => ({ keyId, numberOfBytes: dataKeyBytes }),
  async run(call) {
    const key = usable(call, "encrypt", "GenerateDataKeyWithoutPlaintext");
    const plaintext = newDataKey(call);
    const { aad, context, keyVersion } = call.input;
    try {
      return await encryptItem(key, { plaintext, aad, context, keyVersion });
    } finally {
      plaintext.fill(0);
    }
  },
});
