import { ServiceError } from "../../../errors.ts";
import { limits } from "../../../limits.ts";
import { materialRegion } from "../../../model/key.ts";
import { defineOperation } from "../../../pipeline/operation.ts";
import { updateKey } from "../../keys/update.ts";
import { activeOnly, type KeyInput, namedKey } from "../../shared.ts";
import { exportAction } from "../export/export-key-material.ts";
import { writeBackup } from "./write-backup.ts";

export interface BackUpKeyInput extends KeyInput {
  /** What the key is called in the backup. */
  readonly name: string;
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/**
 * Vault API: Transit, back up key. All of the key leaves in the clear, so it takes the permission to export it, and the key
 * has to allow exports and backups.
 *
 * @throws ServiceError InvalidInput, LimitExceeded, KeyUnavailable
 */
export const backUpKey = defineOperation<BackUpKeyInput, { readonly backup: Buffer }>({
  name: "BackUpKey",
  plane: "data",
  readOnly: false,
  keys: [namedKey(exportAction, activeOnly, { customerOnly: true })],
  record: ({ keyId }) => ({ keyId }),
  wipe: ({ backup }) => backup.fill(0),
  async run({ core, keys, input, nowMs }) {
    const key = keys[0]!;
    const { transit, currentVersion, keyId } = key.record;
    if (!transit.exportable) refuse("exporting is disallowed on the policy");
    if (!transit.allowPlaintextBackup) refuse("plaintext backup is disallowed on the policy");
    const first = transit.minAvailableVersion ?? 1;
    const max = limits.pageItems.value;
    if (currentVersion - first + 1 > max) {
      const reason = `the key has more than ${max} versions; trim it before it is backed up`;
      throw ServiceError.of("LimitExceeded", { limit: limits.pageItems.name, max, reason });
    }
    const versions = await core.store.listKeyVersions(materialRegion(key.record), keyId, first - 1, max);
    const record = { ...key.record, transit: { ...transit, backedUp: { atMs: nowMs, version: currentVersion } } };
    const ofKey = versions.filter(({ version }) => version <= currentVersion);
    const backup = await writeBackup({ key, record, versions: ofKey, name: input.name });
    try {
      await updateKey(core, key.record, { transit: record.transit });
    } catch (error) {
      backup.fill(0);
      throw error;
    }
    return { backup };
  },
});
