import type { Core } from "../../core.ts";
import { limits } from "../../limits.ts";
import type { KeyRecord, KeyState, KeyVersionRecord } from "../../model/key.ts";

/** All versions of a key with imported material, ascending: few, as each rotation takes an import. */
export function importedVersions(core: Core, { region, keyId }: KeyRecord): Promise<readonly KeyVersionRecord[]> {
  return core.store.listKeyVersions(region, keyId, 0, limits.importedVersions.value);
}

/** Whether a version's material is there. */
export function hasMaterial({ wrappedMaterial }: KeyVersionRecord): boolean {
  return wrappedMaterial.byteLength > 0;
}

/** A version whose material is gone. Its id stays: only the same material may come again. */
export function withoutMaterial(version: KeyVersionRecord): KeyVersionRecord {
  const { expiresAtMs: _, ...kept } = version;
  return { ...kept, wrappingKeyId: "", wrappedMaterial: new Uint8Array(), revision: version.revision + 1 };
}

/** What changes in a key's record, and which members it loses. */
interface Settled {
  readonly changes: Partial<KeyRecord>;
  readonly removed: readonly (keyof KeyRecord)[];
}

/**
 * What a key's record says of its versions: it works only while the material of every version up to the current one is
 * there, and is due when the first of all expires.
 */
export function settle(key: KeyRecord, versions: readonly KeyVersionRecord[]): Settled {
  const present = versions.filter(hasMaterial);
  const isComplete = hasAll(key, versions);
  const expiries = present.map(({ expiresAtMs }) => expiresAtMs).filter((at) => at !== undefined);
  const state = settledState(key.state, isComplete);
  if (expiries.length === 0) return { changes: { state }, removed: ["materialExpiresAtMs"] };
  return { changes: { state, materialExpiresAtMs: Math.min(...expiries) }, removed: [] };
}

function hasAll({ currentVersion, transit }: KeyRecord, versions: readonly KeyVersionRecord[]): boolean {
  const usable = versions.filter((version) => hasMaterial(version) && version.version <= currentVersion).length;
  return currentVersion > 0 && usable === currentVersion - (transit.minAvailableVersion ?? 1) + 1;
}

/** The state of a key whose deletion is cancelled: `wanted`, unless it has to wait for imported material first. */
export async function stateAfterReturn(core: Core, key: KeyRecord, wanted: KeyState): Promise<KeyState> {
  if (key.origin !== "EXTERNAL" || hasAll(key, await importedVersions(core, key))) return wanted;
  return "preActivation";
}

/** A key that comes back from missing material works at once; one without it waits, unless it is on its way out. */
function settledState(state: KeyState, isComplete: boolean): KeyState {
  if (state === "preActivation") return isComplete ? "active" : state;
  return isComplete || state === "pendingDestruction" || state === "pendingReplicaDestruction"
    ? state
    : "preActivation";
}
