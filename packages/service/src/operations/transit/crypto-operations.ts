import { limits } from "../../limits.ts";
import { type Call, defineOperation } from "../../pipeline/operation.ts";
import { checkRange } from "../checks.ts";
import { symmetricOnly } from "../message.ts";
import { activeOnly, type KeyInput, namedKey } from "../shared.ts";
import {
  decryptItem,
  encryptItem,
  type TransitCiphertext,
  type TransitCiphertextItem,
  type TransitPlaintextItem,
  type TransitResult,
} from "./items.ts";

/** One key, any number of items; resolved and authorized once. The wire limits their number and size. */
export interface TransitBatch<Item> extends KeyInput {
  readonly items: readonly Item[];
}

export interface TransitBatchOutput<Value> {
  readonly results: readonly TransitResult<Value>[];
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
  keys: [namedKey("kms:Encrypt", activeOnly, symmetricOnly)],
  record: recordBatch,
  async run({ keys, input }) {
    const results: TransitResult<TransitCiphertext>[] = [];
    for (const item of input.items) {
      const result = encryptItem(keys[0]!, item);
      // A batch whose material is in memory never leaves this turn of the event loop: an await costs as much as parsing.
      results.push(result instanceof Promise ? await result : result);
    }
    return { results };
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
  keys: [namedKey("kms:Decrypt", activeOnly, symmetricOnly)],
  record: recordBatch,
  async run({ keys, input }) {
    const results: TransitResult<Buffer>[] = [];
    try {
      for (const item of input.items) {
        const result = decryptItem(keys[0]!, item);
        results.push(result instanceof Promise ? await result : result);
      }
      return { results };
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
  keys: [
    namedKey("kms:ReEncryptFrom", activeOnly, symmetricOnly),
    namedKey("kms:ReEncryptTo", activeOnly, symmetricOnly),
  ],
  record: recordBatch,
  async run({ keys, input }) {
    const results: TransitResult<TransitCiphertext>[] = [];
    for (const item of input.items) {
      const opened = await decryptItem(keys[0]!, item);
      if (!opened.ok) {
        results.push(opened);
        continue;
      }
      const { aad, keyVersion } = item;
      try {
        results.push(await encryptItem(keys[0]!, { plaintext: opened.value, aad, keyVersion }));
      } finally {
        opened.value.fill(0);
      }
    }
    return { results };
  },
});

export interface TransitDataKeyInput extends KeyInput {
  /** 16, 32 or 64. */
  readonly dataKeyBytes: number;
  /** 0 or absent: the latest. */
  readonly keyVersion?: number | undefined;
  readonly aad?: Uint8Array | undefined;
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
  keys: [namedKey("kms:GenerateDataKey", activeOnly, symmetricOnly)],
  record: ({ keyId, dataKeyBytes }) => ({ keyId, numberOfBytes: dataKeyBytes }),
  async run(call) {
    const plaintext = newDataKey(call);
    const { aad, keyVersion } = call.input;
    try {
      return { plaintext, result: await encryptItem(call.keys[0]!, { plaintext, aad, keyVersion }) };
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
  keys: [namedKey("kms:GenerateDataKeyWithoutPlaintext", activeOnly, symmetricOnly)],
  record: ({ keyId, dataKeyBytes }) => ({ keyId, numberOfBytes: dataKeyBytes }),
  async run(call) {
    const plaintext = newDataKey(call);
    const { aad, keyVersion } = call.input;
    try {
      return await encryptItem(call.keys[0]!, { plaintext, aad, keyVersion });
    } finally {
      plaintext.fill(0);
    }
  },
});
