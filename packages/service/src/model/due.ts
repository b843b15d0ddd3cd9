import { isPrimary, type KeyRecord } from "./key.ts";

/**
 * When the lifecycle has to look at a key: at its destruction, else at the expiry of imported material or at its next
 * rotation, whichever is first. A suspended key does not rotate; it catches up when it is enabled (AWS KMS: rotating
 * keys). The primary key rotates for its replicas.
 */
export function dueAtMs(
  key: Pick<
    KeyRecord,
    "region" | "state" | "deletionAtMs" | "rotation" | "materialExpiresAtMs" | "multiRegion" | "origin" | "transit"
  >,
): number | undefined {
  if (key.state === "pendingDestruction") return key.deletionAtMs;
  const { softDeleted, allowsImportedRotation } = key.transit;
  // Imported keys get no material made here unless their importer said so.
  const isOurs = key.origin !== "EXTERNAL" || allowsImportedRotation === true;
  const works = key.state === "active" && softDeleted !== true;
  const rotates = works && isOurs && key.rotation.enabled && isPrimary(key);
  const times = [key.materialExpiresAtMs, rotates ? key.rotation.nextAtMs : undefined].filter((at) => at !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** The next revision of a key record with some members changed and its due time set anew. */
export function changeKey(
  key: KeyRecord,
  changes: Partial<KeyRecord>,
  removed: readonly (keyof KeyRecord)[] = [],
): KeyRecord {
  const next: Record<string, unknown> = { ...key, ...changes, revision: key.revision + 1 };
  for (const member of [...removed, "dueAtMs"]) delete next[member];
  const record = next as unknown as KeyRecord;
  const due = dueAtMs(record);
  return due === undefined ? record : { ...record, dueAtMs: due };
}
