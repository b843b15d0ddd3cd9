import type { Core } from "../core.ts";
import { StoreConflict } from "../ports/store.ts";
import { removeTokenTree } from "../vault/remove-tokens.ts";

/** Rows read at once. */
const batchRows = 200;

/**
 * Deletes tokens whose time is over with all that they made, and records of the Vault API whose time is over. Nobody can use
 * them any more; this makes room. What changes meanwhile is left for the next round.
 *
 * @throws what the store throws
 */
export async function clearExpired(core: Core, nowMs: number): Promise<void> {
  for (;;) {
    const tokens = await core.store.listExpiredTokens(nowMs, batchRows);
    let removed = 0;
    for (const { digest } of tokens) if (await unlessChanged(() => removeTokenTree(core, digest, nowMs))) removed += 1;
    if (tokens.length < batchRows || removed === 0) break;
  }
  for (;;) {
    const entries = await core.store.listExpiredVaultEntries(nowMs, batchRows);
    if (entries.length === 0) break;
    const isGone = await unlessChanged(() =>
      core.commit(
        entries.map(({ area, name, revision }) => ({
          op: "delete",
          table: "vaultEntries",
          key: { area, name },
          revision,
        })),
      ),
    );
    if (!isGone || entries.length < batchRows) break;
  }
}

/** @returns whether it was done */
async function unlessChanged(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof StoreConflict) return false;
    throw error;
  }
}
