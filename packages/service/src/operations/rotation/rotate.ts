import type { Core } from "../../core.ts";
import type { KeyRecord, RotationType } from "../../model/key.ts";
import { generateVersion } from "../keys/new-version.ts";
import { updateKey } from "../keys/update.ts";
import { changeRelated } from "../multi-region/related-keys.ts";

/** Gives a key new current material, durably. Old versions decrypt for ever. */
export async function rotate(
  core: Core,
  key: KeyRecord,
  rotationType: RotationType,
  changes: Partial<KeyRecord> = {},
): Promise<KeyRecord> {
  const version = key.currentVersion + 1;
  const row = await generateVersion(core, key, version, rotationType);
  const { rotation } = changes;
  // Imported keys that may be rotated here name their material.
  const named = key.origin === "EXTERNAL" ? { importedMaterialId: row.materialId } : {};
  const { transit } = key;
  const made = transit.imported === true ? { transit: { ...transit, imported: false } } : {};
  const shared = { currentVersion: version, ...(rotation === undefined ? {} : { rotation }) };
  const related = await changeRelated(core, key, shared);
  return updateKey(
    core,
    key,
    { ...changes, ...named, ...made, currentVersion: version },
    { writes: [{ op: "insert", table: "keyVersions", row }, ...related] },
  );
}
