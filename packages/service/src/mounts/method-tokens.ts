import type { Core } from "../core.ts";
import { limits } from "../limits.ts";
import type { MountRecord } from "../model/mount.ts";
import type { Write } from "../ports/store.ts";
import { removeTokenTree } from "../vault/remove-tokens.ts";

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

/** Deletes the tokens of auth methods that ended, with those that they made; the lifecycle calls it. */
export async function endMethodTokens(core: Core): Promise<void> {
  for (;;) {
    const [removed] = await core.vaultEntries.page<RemovedMethod>(removedArea, undefined, 1);
    if (removed === undefined) return;
    await endTokensOf(core, `${removed.value.path}/`);
    await core.commit([core.vaultEntries.delete(removed)]);
  }
}

async function endTokensOf(core: Core, prefix: string): Promise<void> {
  for (let after = prefix; ; ) {
    const page = await core.store.listTokensByLease(after, limits.pageItems.value);
    for (const record of page) {
      if (record.leaseId?.startsWith(prefix) !== true) return;
      if (!(await core.mounts.stands(record))) await removeTokenTree(core, record.digest, core.clock.nowMs());
    }
    after = page.at(-1)?.leaseId ?? "";
    if (page.length < limits.pageItems.value) return;
  }
}
