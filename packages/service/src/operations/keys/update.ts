import type { Core } from "../../core.ts";
import { changeKey } from "../../model/due.ts";
import type { KeyRecord } from "../../model/key.ts";
import type { Write } from "../../ports/store.ts";

/** Commits a change of one key, with further writes in the same transaction. Returns the new record. */
export async function updateKey(
  core: Core,
  key: KeyRecord,
  changes: Partial<KeyRecord>,
  more: { readonly removed?: readonly (keyof KeyRecord)[]; readonly writes?: readonly Write[] } = {},
): Promise<KeyRecord> {
  const row = changeKey(key, changes, more.removed);
  await core.commit([{ op: "update", table: "keys", row }, ...(more.writes ?? [])]);
  core.onDueChanged(row.dueAtMs);
  return row;
}
