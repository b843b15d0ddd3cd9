import type { Core } from "../../core.ts";
import { limits } from "../../limits.ts";
import type { KeyRecord, RotationSettings } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { checkRange } from "../checks.ts";
import { updateKey } from "../keys/update.ts";
import { changeRelated } from "../multi-region/related-keys.ts";
import { activeOnly, anyState, dayMs, dyingStates, type KeyInput, namedKey } from "../shared.ts";
import { requireRotatable } from "./checks.ts";

export interface EnableKeyRotationInput extends KeyInput {
  /** 90 to 2560; the key's own period when absent, 365 at first. */
  readonly periodDays?: number | undefined;
}

/** All keys of a multi-Region key have the rotation of its primary. */
async function setRotation(core: Core, key: KeyRecord, rotation: RotationSettings): Promise<void> {
  await updateKey(core, key, { rotation }, { writes: await changeRelated(core, key, { rotation }) });
}

/** AWS KMS: EnableKeyRotation. The next rotation is one period from now. */
export const enableKeyRotation = defineOperation<EnableKeyRotationInput, null>({
  name: "EnableKeyRotation",
  plane: "control",
  readOnly: false,
  keys: [namedKey("kms:EnableKeyRotation", activeOnly, { customerOnly: true, origins: ["AWS_KMS"] })],
  conditions: ({ periodDays }) =>
    periodDays === undefined ? new Map() : new Map([["kms:rotationperiodindays", [String(periodDays)]]]),
  record: ({ keyId, periodDays }) => ({ keyId, rotationPeriodInDays: periodDays }),
  async run({ core, keys, input, nowMs }) {
    const { periodDays } = input;
    requireRotatable(keys[0]!);
    if (periodDays !== undefined) {
      checkRange(
        periodDays,
        "rotationPeriodInDays",
        limits.rotationPeriodMinDays.value,
        limits.rotationPeriodMaxDays.value,
      );
    }
    const { rotation } = keys[0]!.record;
    if (rotation.enabled && periodDays === undefined) return null;
    const periodMs = periodDays === undefined ? rotation.periodMs : periodDays * dayMs;
    await setRotation(core, keys[0]!.record, { enabled: true, periodMs, nextAtMs: nowMs + periodMs });
    return null;
  },
});

/** AWS KMS: DisableKeyRotation. */
export const disableKeyRotation = defineOperation<KeyInput, null>({
  name: "DisableKeyRotation",
  plane: "control",
  readOnly: false,
  keys: [namedKey("kms:DisableKeyRotation", activeOnly, { customerOnly: true, origins: ["AWS_KMS"] })],
  record: ({ keyId }) => ({ keyId }),
  async run({ core, keys }) {
    requireRotatable(keys[0]!);
    const { periodMs } = keys[0]!.record.rotation;
    await setRotation(core, keys[0]!.record, { enabled: false, periodMs });
    return null;
  },
});

export interface KeyRotationStatus {
  readonly key: KeyRecord;
  readonly arn: string;
  readonly rotation: RotationSettings;
}

/** AWS KMS: GetKeyRotationStatus. A key that is pending deletion does not rotate. */
export const getKeyRotationStatus = defineOperation<KeyInput, KeyRotationStatus>({
  name: "GetKeyRotationStatus",
  plane: "control",
  readOnly: true,
  keys: [namedKey("kms:GetKeyRotationStatus", anyState, { inKeyStore: false })],
  record: ({ keyId }) => ({ keyId }),
  run({ keys }) {
    const { record, arn } = keys[0]!;
    const { periodMs } = record.rotation;
    return {
      key: record,
      arn,
      rotation: dyingStates.includes(record.state) ? { enabled: false, periodMs } : record.rotation,
    };
  },
});
