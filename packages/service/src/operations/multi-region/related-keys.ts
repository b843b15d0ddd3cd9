import type { Core } from "../../core.ts";
import { invariant, ServiceError } from "../../errors.ts";
import type { KeyEntry } from "../../keys/key-entry.ts";
import { changeKey } from "../../model/due.ts";
import { isPrimary, type KeyRecord } from "../../model/key.ts";
import type { Write } from "../../ports/store.ts";

/** The regions of a multi-Region key, but for one of them. */
export function otherRegions({ region, multiRegion }: Pick<KeyRecord, "region" | "multiRegion">): readonly string[] {
  if (multiRegion === undefined) return [];
  const { primaryRegion, replicaRegions } = multiRegion;
  return [primaryRegion, ...replicaRegions].filter((other) => other !== region);
}

/**
 * The writes that change the shared properties of all other keys of a multi-Region key, for the transaction that changes
 * the key itself. None for a single-Region key.
 */
export async function changeRelated(
  core: Core,
  key: KeyRecord,
  changes: Partial<KeyRecord>,
  removed: readonly (keyof KeyRecord)[] = [],
): Promise<Write[]> {
  const related = await Promise.all(
    otherRegions(key).map((region) => core.store.get("keys", { region, keyId: key.keyId })),
  );
  return related.map((record): Write => {
    invariant(record !== undefined, "a multi-Region key has a record in each of its regions");
    return { op: "update", table: "keys", row: changeKey(record, changes, removed) };
  });
}

/** @throws ServiceError Unsupported unless the key is the primary key of a multi-Region key */
export function requirePrimary({ arn, record }: KeyEntry): void {
  if (record.multiRegion !== undefined && isPrimary(record)) return;
  throw ServiceError.of("Unsupported", { reason: `${arn} is not a multi-region primary key.` });
}
