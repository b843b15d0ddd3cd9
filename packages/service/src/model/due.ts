import type { KeyRecord } from "./key.ts";

/**
 * When the lifecycle has to look at a key: at its destruction, or at its next rotation while it is active. A suspended
 * key does not rotate; it catches up when it is enabled (AWS KMS: rotating keys).
 */
export function dueAtMs(key: Pick<KeyRecord, "state" | "deletionAtMs" | "rotation">): number | undefined {
  if (key.state === "pendingDestruction") return key.deletionAtMs;
  if (key.state === "active" && key.rotation.enabled) return key.rotation.nextAtMs;
  return undefined;
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
