import type { Core } from "../../core.ts";
import type { KeyEntry } from "../../keys/key-entry.ts";
import type { KeyRecord } from "../../model/key.ts";
import type { Write } from "../../ports/store.ts";
import { updateKey } from "../keys/update.ts";
import { changeRelated, otherRegions } from "../multi-region/related-keys.ts";
import { refuseState } from "./checks.ts";
import { findVersion } from "./place.ts";
import { hasMaterial, importedVersions } from "./versions.ts";

/**
 * Makes the imported material that waits for it the current one, in every region of a multi-Region key.
 *
 * @throws ServiceError KeyStateInvalid when none waits, or it is not in all regions yet
 */
export async function rotateImported(
  core: Core,
  key: KeyEntry,
  onDemandRotations: number,
  nowMs: number,
): Promise<KeyRecord> {
  const { record } = key;
  const { pendingVersion, region } = record;
  if (pendingVersion === undefined) {
    refuseState(key, `No available key material pending rotation for the key: ${key.arn}.`);
  }
  const writes: Write[] = [];
  let importedMaterialId = "";
  for (const at of [region, ...otherRegions(record)]) {
    const version = findVersion(await importedVersions(core, { ...record, region: at }), pendingVersion);
    if (version === undefined || !hasMaterial(version)) {
      refuseState(key, `The key material pending rotation of ${key.arn} is not imported into its key in ${at}.`);
    }
    importedMaterialId = version.materialId;
    const row = { ...version, createdAtMs: nowMs, rotationType: "ON_DEMAND", revision: version.revision + 1 } as const;
    writes.push({ op: "update", table: "keyVersions", row });
  }
  const shared = { currentVersion: pendingVersion, importedMaterialId };
  const removed = ["pendingVersion"] as const;
  writes.push(...(await changeRelated(core, record, shared, removed)));
  return updateKey(core, record, { ...shared, onDemandRotations }, { removed, writes });
}

/** The regions of a multi-Region key in which the material pending rotation is missing. */
export async function regionsWithoutPending(core: Core, record: KeyRecord): Promise<readonly string[]> {
  const { pendingVersion } = record;
  if (pendingVersion === undefined) return [];
  const missing: string[] = [];
  for (const region of otherRegions(record)) {
    const version = findVersion(await importedVersions(core, { ...record, region }), pendingVersion);
    if (version === undefined || !hasMaterial(version)) missing.push(region);
  }
  return missing;
}
