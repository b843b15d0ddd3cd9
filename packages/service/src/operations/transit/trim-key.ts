import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { deletionsOfVersions, pageRows } from "../../lifecycle/deletions.ts";
import { type KeyRecord, materialRegion, type TransitAttributes } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import type { Write } from "../../ports/store.ts";
import { updateKey } from "../keys/update.ts";
import { type KeyInput, livingStates, namedKey } from "../shared.ts";

export interface TrimKeyInput extends KeyInput {
  readonly minAvailableVersion: number;
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** In the words of OpenBao (builtin/logical/transit/path_trim.go), misspelling included. */
function checkTrim(wanted: number, transit: TransitAttributes): void {
  const { minAvailableVersion = 0, minEncryptionVersion, minDecryptionVersion } = transit;
  if (wanted < minAvailableVersion) refuse("minimum available version cannot be decremented");
  if (minEncryptionVersion === 0) {
    refuse("minimum available version cannot be set when minimum encryption version is not set");
  }
  if (wanted > minEncryptionVersion) {
    refuse("minimum available version cannot be greater than minmum encryption version");
  }
  if (wanted > minDecryptionVersion) {
    refuse("minimum available version cannot be greater than minimum decryption version");
  }
  if (wanted === 0) refuse("minimum available version should be positive");
}

/**
 * Vault API: Transit, trim key. The older versions are destroyed for good, through every API. The key says so first, so that
 * nobody gets back to a version of which a crash left some.
 *
 * @throws ServiceError InvalidInput
 */
export const trimKey = defineOperation<TrimKeyInput, { readonly key: KeyRecord }>({
  name: "TrimKey",
  plane: "control",
  readOnly: false,
  // Coffer's own: to destroy material is more than to configure a key.
  keys: [namedKey("kms:TrimKey", livingStates, { customerOnly: true })],
  record: ({ keyId, minAvailableVersion }) => ({ keyId, minAvailableVersion }),
  async run({ core, keys, input }) {
    const { record } = keys[0]!;
    const { minAvailableVersion } = input;
    // Its material is shared by regions that have settings of their own.
    if (record.multiRegion !== undefined) refuse("keys of several regions cannot be trimmed");
    checkTrim(minAvailableVersion, record.transit);
    const key = await updateKey(
      core,
      record,
      { transit: { ...record.transit, minAvailableVersion } },
      { writes: await olderVersions(core, record, minAvailableVersion) },
    );
    for (;;) {
      const writes = await olderVersions(core, record, minAvailableVersion);
      if (writes.length === 0) return { key };
      await core.commit(writes);
    }
  },
});

async function olderVersions(core: Core, record: KeyRecord, minAvailableVersion: number): Promise<readonly Write[]> {
  const region = materialRegion(record);
  const rows = await core.store.listKeyVersions(region, record.keyId, 0, pageRows);
  const older = rows.map(({ version }) => version).filter((version) => version < minAvailableVersion);
  return deletionsOfVersions(region, record.keyId, older);
}
