import { limits } from "../../limits.ts";
import { type KeyRecord, materialRegion } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { anyState, type KeyInput, namedKey } from "../shared.ts";

export interface KeyVersionTime {
  readonly version: number;
  readonly createdAtMs: number;
}

export interface ReadKeyOutput {
  readonly key: KeyRecord;
  /** From `minDecryptionVersion` on, ascending; the newest ones when there are more than a page. */
  readonly versions: readonly KeyVersionTime[];
}

/** Vault API: Transit, read key. */
export const readKey = defineOperation<KeyInput, ReadKeyOutput>({
  name: "DescribeKey",
  plane: "control",
  readOnly: true,
  keys: [namedKey("kms:DescribeKey", anyState)],
  record: ({ keyId }) => ({ keyId }),
  async run({ core, keys }) {
    const { record } = keys[0]!;
    const { currentVersion, transit, keyId } = record;
    const max = limits.pageItems.value;
    const after = Math.max(transit.minDecryptionVersion - 1, currentVersion - max);
    const rows = await core.store.listKeyVersions(materialRegion(record), keyId, after, max);
    return { key: record, versions: rows.map(({ version, createdAtMs }) => ({ version, createdAtMs })) };
  },
});
