import type { Core } from "../../core.ts";
import { invariant, ServiceError } from "../../errors.ts";
import type { KeyEntry } from "../../keys/key-entry.ts";
import { isPrimary, type KeyRecord, type KeyVersionRecord } from "../../model/key.ts";
import { refuseState } from "./checks.ts";
import { importedVersions } from "./versions.ts";

/** Where imported material goes, and what that changes of all keys of a multi-Region key. */
export interface Place {
  readonly version: number;
  readonly changes: Pick<KeyRecord, "currentVersion"> &
    Partial<Pick<KeyRecord, "importedMaterialId" | "pendingVersion">>;
}

/** The version of that number. */
export function findVersion(versions: readonly KeyVersionRecord[], version: number): KeyVersionRecord | undefined {
  return versions.find((candidate) => candidate.version === version);
}

/**
 * Which version of a key some material is: one that the key, or its primary key, knows by its id, or a new one.
 *
 * @param isNew what the caller says; when undefined, it is new if the key has had none yet
 * @throws ServiceError KeyMaterialMismatch, KeyStateInvalid
 */
export async function placeOf(
  core: Core,
  key: KeyEntry,
  versions: readonly KeyVersionRecord[],
  materialId: string,
  isNew: boolean | undefined,
): Promise<Place> {
  const { record } = key;
  const { currentVersion } = record;
  const known = isPrimary(record) ? versions : await primaryVersions(core, record);
  const same = known.find((candidate) => candidate.materialId === materialId);
  if (isNew ?? (known.length === 0 && isPrimary(record))) {
    if (same !== undefined)
      mismatch("The key material is one of the key's already: import it as EXISTING_KEY_MATERIAL.");
    return placeOfNew(key, versions, materialId);
  }
  if (same === undefined) {
    mismatch("The key material is none that was imported into this KMS key before, nor into its primary key.");
  }
  return { version: same.version, changes: { currentVersion } };
}

function placeOfNew(key: KeyEntry, versions: readonly KeyVersionRecord[], materialId: string): Place {
  const { record } = key;
  const { currentVersion, pendingVersion } = record;
  if (!isPrimary(record)) {
    mismatch("New key material goes into the primary key of a multi-Region key first, then into its replicas.");
  }
  if (pendingVersion !== undefined) {
    const pending = findVersion(versions, pendingVersion)?.materialId;
    refuseState(
      key,
      `New key material (id: ${materialId}) cannot be imported into KMS key ${record.keyId}, because another key material (id: ${pending}) is pending rotation.`,
    );
  }
  if (currentVersion === 0) return { version: 1, changes: { currentVersion: 1, importedMaterialId: materialId } };
  if (!key.isSymmetricEncryption) mismatch("This KMS key takes the key material again that it had, and no other.");
  return { version: currentVersion + 1, changes: { currentVersion, pendingVersion: currentVersion + 1 } };
}

async function primaryVersions(core: Core, { keyId, multiRegion }: KeyRecord): Promise<readonly KeyVersionRecord[]> {
  invariant(multiRegion !== undefined, "a replica is of a multi-Region key");
  const primary = await core.store.get("keys", { region: multiRegion.primaryRegion, keyId });
  invariant(primary !== undefined, "a multi-Region key has a primary key");
  return importedVersions(core, primary);
}

function mismatch(reason: string): never {
  throw ServiceError.of("KeyMaterialMismatch", { reason });
}
