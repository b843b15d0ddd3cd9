import { limits } from "../../limits.ts";
import { type KeyRecord, materialRegion } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { anyState, type KeyInput, namedKey } from "../shared.ts";
import { publicKeysOf } from "./sign-operations.ts";

/** What is told of a version. */
export interface KeyVersionFacts {
  readonly version: number;
  readonly createdAtMs: number;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey?: Buffer | undefined;
  /** PEM. */
  readonly certificateChain?: string | undefined;
}

export interface ReadKeyInput extends KeyInput {
  /** Of a derived key: what its public keys are derived for. */
  readonly context?: Uint8Array | undefined;
}

export interface ReadKeyOutput {
  readonly key: KeyRecord;
  /** From `minDecryptionVersion` on, ascending; the newest ones when there are more than a page. */
  readonly versions: readonly KeyVersionFacts[];
}

/** Vault API: Transit, read key. */
export const readKey = defineOperation<ReadKeyInput, ReadKeyOutput>({
  name: "DescribeKey",
  plane: "control",
  readOnly: true,
  keys: [namedKey("kms:DescribeKey", anyState)],
  record: ({ keyId }) => ({ keyId }),
  async run({ core, keys, input }) {
    const key = keys[0]!;
    const { record } = key;
    const { currentVersion, transit, keyId } = record;
    const max = limits.pageItems.value;
    const after = Math.max(transit.minDecryptionVersion - 1, currentVersion - max);
    const rows = await core.store.listKeyVersions(materialRegion(record), keyId, after, max);
    const numbers = rows.map(({ version }) => version);
    const publicKeys = await publicKeysOf(key, numbers, input.context);
    const versions = rows.map(({ version, createdAtMs, certificateChain }) => ({
      version,
      createdAtMs,
      publicKey: publicKeys.get(version),
      certificateChain,
    }));
    return { key: record, versions };
  },
});
