import { keyMaterialId } from "@coffer/crypto";
import { type KeyRecord, materialRegion } from "../model/key.ts";

/** The public id of a version's material that was made here (AWS KMS: `KeyMaterialId`); that of imported material is stored. */
export function generatedMaterialId(key: KeyRecord, version: number): string {
  const { account, keyId } = key;
  return keyMaterialId({ account, region: materialRegion(key), keyId, keyVersion: version });
}

/** The public id of a key's current material (AWS KMS: `CurrentKeyMaterialId`). Means nothing in `preActivation`. */
export function currentMaterialId(key: KeyRecord): string {
  return key.importedMaterialId ?? generatedMaterialId(key, key.currentVersion);
}
