import type { Core } from "../core.ts";
import { limits } from "../limits.ts";
import type { TokenRecord } from "../model/principal.ts";
import { clearAreasLater } from "../mounts/mount-areas.ts";
import type { Write } from "../ports/store.ts";
import { cubbyholeArea } from "./cubbyhole-area.ts";
import { wrappedAnswerArea } from "./wrapped-answers.ts";

/** Secrets of a cubbyhole that go in the same transaction as its token. */
const cubbyholePage = 100;

/**
 * Ends a token and everything below it. Its own end is the first write, after which nothing below it holds any more; then
 * the tree is deleted in transactions of bounded size. When the server stops in between, the lifecycle goes on: what is not
 * deleted yet is over, or hangs below something that is.
 *
 * @throws StoreConflict when the token was changed meanwhile
 */
export async function revokeTokenTree(core: Core, record: TokenRecord, nowMs: number): Promise<void> {
  const [child] = await core.store.listChildTokens(record.digest, undefined, 1);
  if (child === undefined) {
    await core.commit(await deletionsOfToken(core, record, record.revision));
    return;
  }
  await core.commit([
    { op: "update", table: "tokens", row: { ...endedAt(record, nowMs), revision: record.revision + 1 } },
  ]);
  await removeTokenTree(core, record.digest, nowMs);
}

/** Deletes a token that is over, and everything below it. */
export async function removeTokenTree(core: Core, digest: string, nowMs: number): Promise<void> {
  const roots = [digest];
  for (let root = roots.pop(); root !== undefined; root = roots.pop()) {
    for (;;) {
      const children = await core.store.listChildTokens(root, undefined, limits.pageItems.value);
      if (children.length === 0) break;
      const writes: Write[] = [];
      for (const child of children) {
        const [grandchild] = await core.store.listChildTokens(child.digest, undefined, 1);
        if (grandchild === undefined) writes.push(...(await deletionsOfToken(core, child, "any")));
        else {
          // It is over from now on and a root by itself: nothing is lost when this ends here.
          const { parentDigest: _, ...orphan } = endedAt(child, nowMs);
          writes.push({ op: "update", table: "tokens", row: { ...orphan, revision: child.revision + 1 } });
          roots.push(child.digest);
        }
      }
      await core.commit(writes);
    }
    const record = await core.store.get("tokens", { digest: root });
    if (record !== undefined) await core.commit(await deletionsOfToken(core, record, "any"));
  }
}

/**
 * Deletes a token, and leaves those that it made as orphans.
 *
 * @throws StoreConflict when a token was changed meanwhile
 */
export async function revokeAlone(core: Core, record: TokenRecord): Promise<void> {
  for (;;) {
    const children = await core.store.listChildTokens(record.digest, undefined, limits.pageItems.value);
    if (children.length === 0) break;
    await core.commit(
      children.map(({ parentDigest: _, ...child }): Write => {
        return { op: "update", table: "tokens", row: { ...child, revision: child.revision + 1 } };
      }),
    );
  }
  await core.commit(await deletionsOfToken(core, record, record.revision));
}

/** The writes that delete a token and what is kept for it: its cubbyhole, the answer that it wraps. */
async function deletionsOfToken(core: Core, token: TokenRecord, revision: number | "any"): Promise<Write[]> {
  const { digest, vaultPolicies } = token;
  const writes: Write[] = [{ op: "delete", table: "tokens", key: { digest }, revision }];
  if (vaultPolicies.includes("response-wrapping")) writes.push(deletion(wrappedAnswerArea, digest));
  const secrets = await core.store.listVaultEntries(cubbyholeArea(digest), undefined, cubbyholePage);
  writes.push(...secrets.map(({ area, name }) => deletion(area, name)));
  // What is more is out of reach now; the lifecycle deletes it.
  if (secrets.length === cubbyholePage) writes.push(clearAreasLater(core, cubbyholeArea(digest)));
  return writes;
}

function deletion(area: string, name: string): Write {
  return { op: "delete", table: "vaultEntries", key: { area, name }, revision: "any" };
}

function endedAt(record: TokenRecord, nowMs: number): TokenRecord {
  return { ...record, expiresAtMs: Math.min(record.expiresAtMs ?? nowMs, nowMs) };
}
