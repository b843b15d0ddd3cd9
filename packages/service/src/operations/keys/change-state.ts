import type { KeyRecord } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { type KeyInput, namedKey } from "../shared.ts";
import { trailingDaysConditions } from "./key-last-usage.ts";
import { updateKey } from "./update.ts";

/** AWS KMS: EnableKey. A key that is enabled already stays so. A soft deletion by Transit is taken back. */
export const enableKey = defineOperation<KeyInput, { readonly key: KeyRecord }>({
  name: "EnableKey",
  plane: "control",
  readOnly: false,
  keys: [namedKey("kms:EnableKey", ["active", "suspended"], { customerOnly: true })],
  record: ({ keyId }) => ({ keyId }),
  async run({ core, keys }) {
    const { record } = keys[0]!;
    const { transit } = record;
    const taken = transit.softDeleted === true ? { transit: { ...transit, softDeleted: false } } : {};
    return { key: await updateKey(core, record, { state: "active", ...taken }) };
  },
});

/** AWS KMS: DisableKey. Holds for the very next request. */
export const disableKey = defineOperation<KeyInput, { readonly key: KeyRecord }>({
  name: "DisableKey",
  plane: "control",
  readOnly: false,
  keys: [namedKey("kms:DisableKey", ["active", "suspended"], { customerOnly: true })],
  storedConditions: trailingDaysConditions,
  record: ({ keyId }) => ({ keyId }),
  async run({ core, keys }) {
    return { key: await updateKey(core, keys[0]!.record, { state: "suspended" }) };
  },
});
