import type { Core } from "../core.ts";
import { invariant } from "../errors.ts";
import { deletionOf } from "../grants/deletion.ts";
import { type KeyRecord, materialRegion } from "../model/key.ts";
import { changeRelated } from "../operations/multi-region/related-keys.ts";
import { dayMs } from "../operations/shared.ts";
import type { Write } from "../ports/store.ts";
import { deletionsOfKey, deletionsOfVersions, pageRows } from "./deletions.ts";

/**
 * Takes a replica, which has fewer grants than a page, out of its multi-Region key. What is shared stays with the others.
 * When it was the last one and its primary key waits for that, the primary's own waiting period begins.
 */
export async function destroyReplica(core: Core, record: KeyRecord): Promise<void> {
  const { region, keyId, multiRegion } = record;
  invariant(multiRegion !== undefined, "a replica is of a multi-Region key");
  const replicaRegions = multiRegion.replicaRegions.filter((other) => other !== region);
  const related = await changeRelated(core, record, { multiRegion: { ...multiRegion, replicaRegions } });
  const own = materialRegion(record) === region ? await core.store.listKeyVersions(region, keyId, 0, pageRows) : [];
  const grants = await core.store.listGrants(region, keyId, undefined, pageRows);
  const nowMs = core.clock.nowMs();
  const writes = related.map((write) => (replicaRegions.length === 0 ? startWaiting(write, nowMs) : write));
  await core.commit([
    ...(await deletionsOfKey(core, record)),
    ...writes,
    ...grants.flatMap(deletionOf),
    ...deletionsOfVersions(
      region,
      keyId,
      own.map(({ version }) => version),
    ),
  ]);
}

/** The write of a primary key that waited for its replicas, as one whose waiting period begins now. */
function startWaiting(write: Write, nowMs: number): Write {
  if (write.op !== "update" || write.table !== "keys") return write;
  const { state, pendingWindowDays } = write.row;
  if (state !== "pendingReplicaDestruction" || pendingWindowDays === undefined) return write;
  const deletionAtMs = nowMs + pendingWindowDays * dayMs;
  return { ...write, row: { ...write.row, state: "pendingDestruction", deletionAtMs, dueAtMs: deletionAtMs } };
}
