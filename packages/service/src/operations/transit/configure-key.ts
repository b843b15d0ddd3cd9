import { ServiceError } from "../../errors.ts";
import type { KeyRecord, TransitAttributes } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { updateKey } from "../keys/update.ts";
import { type KeyInput, livingStates, namedKey } from "../shared.ts";

export interface ConfigureKeyInput extends KeyInput {
  readonly transit: Partial<TransitAttributes>;
  /** 0 switches automatic rotation off. */
  readonly autoRotatePeriodMs?: number | undefined;
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

function checkVersions(next: TransitAttributes, currentVersion: number): void {
  const { minDecryptionVersion, minEncryptionVersion } = next;
  if (minDecryptionVersion > currentVersion) {
    refuse(`cannot set min decryption version of ${minDecryptionVersion}, latest key version is ${currentVersion}`);
  }
  if (minEncryptionVersion > currentVersion) {
    refuse(`cannot set min encryption version of ${minEncryptionVersion}, latest key version is ${currentVersion}`);
  }
  if (minEncryptionVersion !== 0 && minEncryptionVersion < minDecryptionVersion) {
    refuse(
      `cannot set min encryption/decryption values; min encryption version of ${minEncryptionVersion} must be greater than or equal to min decryption version of ${minDecryptionVersion}`,
    );
  }
}

/** Vault API: Transit, update key configuration. Holds through every API. */
export const configureKey = defineOperation<ConfigureKeyInput, { readonly key: KeyRecord }>({
  name: "ConfigureKey",
  plane: "control",
  readOnly: false,
  // AWS has no such action; in its namespace, the default key policy's `kms:*` covers it.
  keys: [namedKey("kms:ConfigureKey", livingStates, { customerOnly: true })],
  record: ({ keyId, transit, autoRotatePeriodMs }) => ({ keyId, ...transit, autoRotatePeriodMs }),
  async run({ core, keys, input, nowMs }) {
    const { record } = keys[0]!;
    const transit = { ...record.transit, ...input.transit };
    checkVersions(transit, record.currentVersion);
    if (record.transit.exportable && !transit.exportable) refuse("exportable keys cannot be made unexportable");
    const { autoRotatePeriodMs: periodMs } = input;
    const rotation =
      periodMs === undefined
        ? record.rotation
        : periodMs === 0
          ? { enabled: false, periodMs: record.rotation.periodMs }
          : { enabled: true, periodMs, nextAtMs: nowMs + periodMs };
    return { key: await updateKey(core, keys[0]!, { transit, rotation }) };
  },
});
