import type { Core } from "../core.ts";
import type { MountRecord } from "../model/mount.ts";
import type { Write } from "../ports/store.ts";

/**
 * The area (`core.vaultEntries`) of what a mount keeps: `TYPE/UUID/KIND`, such as `approle/9f.../roles`. Everything below
 * `TYPE/UUID/` goes when the mount is disabled, and stays with it when it is moved to another path.
 */
export function mountArea(mount: Pick<MountRecord, "type" | "uuid">, kind: string): string {
  return `${areaPrefix(mount)}${kind}`;
}

function areaPrefix({ type, uuid }: Pick<MountRecord, "type" | "uuid">): string {
  return `${type}/${uuid}/`;
}

/** Beginnings of areas that nothing writes any more and that are not empty yet. */
const removedArea = "sys/removed-areas";

interface RemovedAreas {
  /** Until when they are looked at again: what was let in before the removal may still be written for a moment. */
  readonly untilMs: number;
}

const lateWriteMs = 60_000;

/** The write that goes with the removal of a mount: its areas are cleared after it, also when the server stops before. */
export function clearMountLater(core: Core, mount: MountRecord): Write {
  return clearAreasLater(core, areaPrefix(mount), core.clock.nowMs() + lateWriteMs);
}

/**
 * The write after which the lifecycle clears every area that begins with `prefix`, which was not said of it before.
 *
 * @param untilMs how long something may come to them; 0 when nothing can
 */
export function clearAreasLater(core: Core, prefix: string, untilMs = 0): Write {
  const removed: RemovedAreas = { untilMs };
  return core.vaultEntries.insert(removedArea, prefix, removed);
}

/** Deletes what is left in removed areas, page by page; the lifecycle calls it. */
export async function clearRemovedAreas(core: Core): Promise<void> {
  let after: string | undefined;
  for (;;) {
    const [removed] = await core.vaultEntries.page<RemovedAreas>(removedArea, after, 1);
    if (removed === undefined) return;
    for (;;) {
      const writes = await core.vaultEntries.deleteSomeUnder(removed.name);
      if (writes.length === 0) break;
      await core.commit(writes);
    }
    after = removed.name;
    if (removed.value.untilMs <= core.clock.nowMs()) await core.commit([core.vaultEntries.delete(removed)]);
  }
}
