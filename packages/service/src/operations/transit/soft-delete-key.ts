import type { KeyRecord } from "../../model/key.ts";
import { type Call, defineOperation } from "../../pipeline/operation.ts";
import { updateKey } from "../keys/update.ts";
import { type KeyInput, livingStates, namedKey } from "../shared.ts";

export interface SoftDeletionOutput {
  readonly key: KeyRecord;
  /** Whether the key was as it should be before. */
  readonly already: boolean;
}

async function change({ core, keys }: Call<KeyInput>, softDeleted: boolean): Promise<SoftDeletionOutput> {
  const { record } = keys[0]!;
  if ((record.transit.softDeleted === true) === softDeleted) return { key: record, already: true };
  return { key: await updateKey(core, record, { transit: { ...record.transit, softDeleted } }), already: false };
}

/** OpenBao API: Transit, soft delete key. Until it is taken back, no API does anything with the key. It takes what disabling takes. */
export const softDeleteKey = defineOperation<KeyInput, SoftDeletionOutput>({
  name: "SoftDeleteKey",
  plane: "control",
  readOnly: false,
  keys: [namedKey("kms:DisableKey", livingStates, { customerOnly: true })],
  record: ({ keyId }) => ({ keyId }),
  run: (call) => change(call, true),
});

/** OpenBao API: Transit, restore soft-deleted key. */
export const restoreSoftDeletedKey = defineOperation<KeyInput, SoftDeletionOutput>({
  name: "RestoreSoftDeletedKey",
  plane: "control",
  readOnly: false,
  keys: [namedKey("kms:EnableKey", livingStates, { customerOnly: true })],
  record: ({ keyId }) => ({ keyId }),
  run: (call) => change(call, false),
});
