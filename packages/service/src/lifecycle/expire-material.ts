import type { Core } from "../core.ts";
import { changeKey } from "../model/due.ts";
import type { KeyRecord } from "../model/key.ts";
import { importedVersions, settle, withoutMaterial } from "../operations/imports/versions.ts";
import type { Write } from "../ports/store.ts";

/** Whether the lifecycle has expired material of a key to delete. */
export function hasExpiredMaterial({ materialExpiresAtMs }: KeyRecord, nowMs: number): boolean {
  return materialExpiresAtMs !== undefined && materialExpiresAtMs <= nowMs;
}

/** Deletes imported material whose time is over; the key waits for it to come again. @throws StoreConflict */
export async function expireMaterial(core: Core, record: KeyRecord): Promise<void> {
  const nowMs = core.clock.nowMs();
  const versions = await importedVersions(core, record);
  const kept = versions.map((version) =>
    version.expiresAtMs !== undefined && version.expiresAtMs <= nowMs ? withoutMaterial(version) : version,
  );
  const { changes, removed } = settle(record, kept);
  await core.commit([
    { op: "update", table: "keys", row: changeKey(record, changes, removed) },
    ...kept
      .filter((version) => !versions.includes(version))
      .map((row): Write => ({ op: "update", table: "keyVersions", row })),
  ]);
}
