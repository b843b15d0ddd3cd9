import type { Core } from "../core.ts";
import { limits } from "../limits.ts";
import type { MountRecord } from "../model/mount.ts";
import type { Write } from "../ports/store.ts";

/** Auth methods that were disabled or moved and whose tokens are not all deleted yet, by uuid. */
const removedArea = "sys/removed-auth-methods";

interface RemovedMethod {
  readonly path: string;
}

/**
 * The writes that go with the end of an auth method at its path. Its tokens may do nothing from then on
 * (`MountDirectory.stands`); that they are deleted ends those that they made.
 */
export function endTokensLater(core: Core, { path, uuid }: MountRecord): readonly Write[] {
  if (!path.startsWith("auth/")) return [];
  const removed: RemovedMethod = { path };
  return core.vaultEntries.replace(removedArea, uuid, removed);
}

/** Deletes the tokens of auth methods that ended, page by page over all tokens; the lifecycle calls it. */
export async function endMethodTokens(core: Core): Promise<void> {
  for (;;) {
    const [removed] = await core.vaultEntries.page<RemovedMethod>(removedArea, undefined, 1);
    if (removed === undefined) return;
    await endTokensOf(core, `${removed.value.path}/`);
    await core.commit([core.vaultEntries.delete(removed)]);
  }
}

async function endTokensOf(core: Core, prefix: string): Promise<void> {
  let after: string | undefined;
  for (;;) {
    const page = await core.store.listTokensByAccessor(after, limits.pageItems.value);
    const writes: Write[] = [];
    for (const record of page) {
      if (record.vault?.path.startsWith(prefix) !== true || (await core.mounts.stands(record))) continue;
      writes.push({ op: "delete", table: "tokens", key: { digest: record.digest }, revision: "any" });
    }
    if (writes.length > 0) await core.commit(writes);
    after = page.at(-1)?.accessor;
    if (page.length < limits.pageItems.value) return;
  }
}
