import type { Core } from "../../core.ts";
import type { KeyEntry } from "../../keys/key-entry.ts";
import type { KeyLastUsage } from "../../keys/key-usages.ts";
import type { KeyRecord } from "../../model/key.ts";
import { defineOperation, type OperationConditions } from "../../pipeline/operation.ts";
import { anyState, dayMs, type KeyInput, namedKey } from "../shared.ts";

export interface GetKeyLastUsageOutput extends KeyLastUsage {
  readonly key: KeyRecord;
}

/** AWS KMS: GetKeyLastUsage. */
export const getKeyLastUsage = defineOperation<KeyInput, GetKeyLastUsageOutput>({
  name: "GetKeyLastUsage",
  plane: "control",
  readOnly: true,
  keys: [namedKey("kms:GetKeyLastUsage", anyState)],
  record: ({ keyId }) => ({ keyId }),
  async run({ core, keys, nowMs }) {
    const { arn, record } = keys[0]!;
    return { key: record, ...(await core.keyUsages.lastOf(arn, record, nowMs)) };
  },
});

/**
 * The policy condition `kms:TrailingDaysWithoutKeyUsage` of what puts a key out of use: whole days since it was last used,
 * or was created, or tracking began, whichever is latest (AWS KMS developer guide: condition keys).
 *
 * @throws what the store throws: without it nobody knows
 */
export async function trailingDaysConditions(core: Core, key: KeyEntry, nowMs: number): Promise<OperationConditions> {
  const { last, trackedSinceMs } = await core.keyUsages.lastOf(key.arn, key.record, nowMs);
  const days = Math.max(0, Math.floor((nowMs - (last?.usedAtMs ?? trackedSinceMs)) / dayMs));
  return new Map([["kms:trailingdayswithoutkeyusage", [String(days)]]]);
}
