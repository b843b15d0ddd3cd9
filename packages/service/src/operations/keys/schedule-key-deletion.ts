import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import type { KeyEntry } from "../../keys/key-entry.ts";
import { limits } from "../../limits.ts";
import { isPrimary, type KeyRecord, materialRegion } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { checkRange } from "../checks.ts";
import { stateAfterReturn } from "../imports/versions.ts";
import { dayMs, dyingStates, type KeyInput, livingStates, namedKey } from "../shared.ts";
import { trailingDaysConditions } from "./key-last-usage.ts";
import { updateKey } from "./update.ts";

export interface ScheduleKeyDeletionInput extends KeyInput {
  /** 7 to 30; 30 when absent. */
  readonly pendingWindowDays?: number | undefined;
  /** Refuse unless the key's `deletionAllowed` is set, as Transit does. */
  readonly onlyIfAllowed?: boolean | undefined;
}

/**
 * AWS KMS: ScheduleKeyDeletion. The key stops working at once and is destroyed after the waiting period, which for a
 * multi-Region primary key begins when its last replica is gone.
 */
export const scheduleKeyDeletion = defineOperation<ScheduleKeyDeletionInput, { readonly key: KeyRecord }>({
  name: "ScheduleKeyDeletion",
  plane: "control",
  readOnly: false,
  keys: [namedKey("kms:ScheduleKeyDeletion", livingStates, { customerOnly: true })],
  conditions: ({ pendingWindowDays }) =>
    new Map([
      ["kms:schedulekeydeletionpendingwindowindays", [String(pendingWindowDays ?? limits.pendingWindowMaxDays.value)]],
    ]),
  storedConditions: trailingDaysConditions,
  record: ({ keyId, pendingWindowDays }) => ({ keyId, pendingWindowInDays: pendingWindowDays }),
  recordOutput: ({ key }) => ({
    keyId: key.keyId,
    keyState: key.state,
    ...(key.deletionAtMs === undefined ? {} : { deletionDate: new Date(key.deletionAtMs).toISOString() }),
  }),
  async run({ core, keys, input, nowMs }) {
    const { pendingWindowMinDays, pendingWindowMaxDays } = limits;
    const days = input.pendingWindowDays ?? pendingWindowMaxDays.value;
    if (input.onlyIfAllowed === true && !keys[0]!.record.transit.deletionAllowed) {
      throw ServiceError.of("InvalidInput", {
        kind: "validation",
        reason: "deletion is not allowed for this key",
      });
    }
    checkRange(days, "pendingWindowInDays", pendingWindowMinDays.value, pendingWindowMaxDays.value);
    const { record } = keys[0]!;
    const waitsForReplicas = isPrimary(record) && (record.multiRegion?.replicaRegions.length ?? 0) > 0;
    const key = await updateKey(core, record, {
      ...(waitsForReplicas
        ? { state: "pendingReplicaDestruction" }
        : { state: "pendingDestruction", deletionAtMs: nowMs + days * dayMs }),
      pendingWindowDays: days,
    });
    return { key };
  },
});

/**
 * A key whose destruction has begun cannot come back: its current material is destroyed first (`destroyDueKey`), in a
 * transaction that changes the key's revision, so that a cancellation at the same time runs again and ends here.
 *
 * @throws ServiceError NotFound
 */
async function requireMaterial(core: Core, { arn, record }: KeyEntry): Promise<void> {
  // Imported material goes in one transaction with its key, and may be gone before.
  if (record.origin === "EXTERNAL") return;
  const { keyId, currentVersion: version } = record;
  const region = materialRegion(record);
  if ((await core.store.get("keyVersions", { region, keyId, version })) !== undefined) return;
  throw ServiceError.of("NotFound", { resource: "key", id: arn });
}

/** AWS KMS: CancelKeyDeletion. The key comes back disabled. */
export const cancelKeyDeletion = defineOperation<KeyInput, { readonly key: KeyRecord }>({
  name: "CancelKeyDeletion",
  plane: "control",
  readOnly: false,
  keys: [namedKey("kms:CancelKeyDeletion", dyingStates, { customerOnly: true })],
  record: ({ keyId }) => ({ keyId }),
  async run({ core, keys }) {
    await requireMaterial(core, keys[0]!);
    const key = await updateKey(
      core,
      keys[0]!.record,
      { state: await stateAfterReturn(core, keys[0]!.record, "suspended") },
      { removed: ["deletionAtMs", "pendingWindowDays"] },
    );
    return { key };
  },
});

/** Cancels a deletion and enables the key, in one step: it works again at once. */
export const restoreKey = defineOperation<KeyInput, { readonly key: KeyRecord }>({
  name: "RestoreKey",
  plane: "control",
  readOnly: false,
  keys: [
    namedKey("kms:CancelKeyDeletion", dyingStates, { customerOnly: true }),
    namedKey("kms:EnableKey", dyingStates, { customerOnly: true }),
  ],
  record: ({ keyId }) => ({ keyId }),
  async run({ core, keys }) {
    await requireMaterial(core, keys[0]!);
    const key = await updateKey(
      core,
      keys[0]!.record,
      { state: await stateAfterReturn(core, keys[0]!.record, "active") },
      { removed: ["deletionAtMs", "pendingWindowDays"] },
    );
    return { key };
  },
});
