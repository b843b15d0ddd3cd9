import type { KeyRecord, RotationSettings, TransitAttributes } from "../../model/key.ts";
import { authorize } from "../../pipeline/authorize.ts";
import { type Call, defineOperation } from "../../pipeline/operation.ts";
import { checkRange } from "../checks.ts";
import { updateKey } from "../keys/update.ts";
import { maxRotationPeriodMs, minRotationPeriodMs } from "../rotation/checks.ts";
import { dayMs, type KeyInput, livingStates, namedKey } from "../shared.ts";
import { checkAvailable, checkOnceSet, checkTransitAttributes } from "./attributes.ts";

export interface ConfigureKeyInput extends KeyInput {
  readonly transit: Partial<TransitAttributes>;
  /** An hour at least; 0 switches automatic rotation off. */
  readonly autoRotatePeriodMs?: number | undefined;
}

/** Vault API: Transit, update key configuration. Holds through every API. */
export const configureKey = defineOperation<ConfigureKeyInput, { readonly key: KeyRecord }>({
  name: "ConfigureKey",
  plane: "control",
  readOnly: false,
  // AWS has no such action; in its namespace, the default key policy's `kms:*` covers it.
  keys: [namedKey("kms:ConfigureKey", livingStates, { customerOnly: true })],
  record: ({ keyId, transit, autoRotatePeriodMs }) => ({ keyId, ...transit, autoRotatePeriodMs }),
  async run(call) {
    const { record } = call.keys[0]!;
    const transit = { ...record.transit, ...call.input.transit };
    checkTransitAttributes(transit, record.currentVersion);
    checkOnceSet(record.transit, transit);
    checkAvailable(transit);
    return { key: await updateKey(call.core, record, { transit, rotation: nextRotation(call) }) };
  },
});

/** Rotation takes the permissions that it takes through the other APIs. */
function nextRotation({ keys, input, request, nowMs }: Call<ConfigureKeyInput>): RotationSettings {
  const key = keys[0]!;
  const { rotation } = key.record;
  const { autoRotatePeriodMs: periodMs } = input;
  if (periodMs === undefined) return rotation;
  if (periodMs === 0) {
    authorize({ request, action: "kms:DisableKeyRotation", key, resource: key.arn, nowMs });
    return { enabled: false, periodMs: rotation.periodMs };
  }
  checkRange(periodMs, "auto_rotate_period", minRotationPeriodMs, maxRotationPeriodMs);
  const conditions = () => new Map([["kms:rotationperiodindays", [String(periodMs / dayMs)]]]);
  authorize({ request, action: "kms:EnableKeyRotation", key, resource: key.arn, conditions, nowMs });
  return { enabled: true, periodMs, nextAtMs: nowMs + periodMs };
}
