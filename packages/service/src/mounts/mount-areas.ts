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

/** Mounts that were disabled and whose areas are not empty yet. */
const removedArea = "sys/removed-mounts";

/** The write that goes with the removal of a mount: its areas are cleared after it, also when the server stops before. */
export function clearAreasLater(core: Core, mount: MountRecord): Write {
  return core.vaultEntries.insert(removedArea, areaPrefix(mount), null);
}

/** Deletes what disabled mounts have left, page by page; the lifecycle calls it. */
export async function clearRemovedMounts(core: Core): Promise<void> {
  for (;;) {
    const [removed] = await core.vaultEntries.page<null>(removedArea, undefined, 1);
    if (removed === undefined) return;
    for (;;) {
      const writes = await core.vaultEntries.deleteSomeUnder(removed.name);
      if (writes.length === 0) break;
      await core.commit(writes);
    }
    await core.commit([core.vaultEntries.delete(removed)]);
  }
}
