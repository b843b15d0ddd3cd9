import { BoundedCache } from "../keys/bounded-cache.ts";
import { ReadThroughCache } from "../keys/read-through-cache.ts";
import { limits } from "../limits.ts";
import type { Store, Write } from "../ports/store.ts";
import { GrantSet } from "./grant-set.ts";

const pageRows = 1000;
/** Deletions that are remembered: more than can be under way at once. */
const maxDeletions = 10_000;

function nameOf(region: string, keyId: string, grantee: string): string {
  return `${region}/${keyId}/${grantee}`;
}

/** Finds the grants of a key for a grantee, through a bounded cache that every commit keeps true. */
export class GrantDirectory {
  readonly #store: Store;
  /** By `region/key id/grantee`; that there are none is kept as well. */
  readonly #sets = new ReadThroughCache<GrantSet>(limits.cachedGrantees.value);
  /**
   * Ids of grants deleted of late. A grant is made and deleted by commits that may be heard of the other way round: one
   * that is gone never comes back.
   */
  readonly #deleted = new BoundedCache<string, true>(maxDeletions);
  /** At least as many grants as are in memory. */
  #held = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The grants of a key for a grantee, when they are in memory. */
  cached(region: string, keyId: string, grantee: string): GrantSet | undefined {
    return this.#sets.cached(nameOf(region, keyId, grantee));
  }

  /** The grants of a key for a grantee; empty when there are none. */
  async find(region: string, keyId: string, grantee: string): Promise<GrantSet> {
    const found = await this.#sets.find(nameOf(region, keyId, grantee), () => this.#load(region, keyId, grantee));
    return found ?? new GrantSet();
  }

  async #load(region: string, keyId: string, grantee: string): Promise<GrantSet> {
    const set = new GrantSet();
    let after: string | undefined;
    for (;;) {
      const rows = await this.#store.listGranteeGrants(region, keyId, grantee, after, pageRows);
      for (const row of rows) set.add(row);
      if (rows.length < pageRows) break;
      after = rows.at(-1)?.grantId;
    }
    this.#held += set.size;
    if (this.#held > limits.cachedGrants.value) {
      this.#sets.clear();
      this.#held = set.size;
    }
    return set;
  }

  /** Brings what is in memory up to what was committed. Called once after each commit that succeeded. */
  committed(writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.table !== "grants") continue;
      const { region, keyId, grantee, grantId } = write.op === "delete" ? write.key : write.row;
      const name = nameOf(region, keyId, grantee);
      this.#sets.discardReads(name);
      const set = this.#sets.cached(name);
      if (write.op === "delete") {
        this.#deleted.set(grantId, true);
        set?.delete(grantId);
      } else if (set !== undefined && this.#deleted.get(grantId) === undefined) {
        set.add(write.row);
        this.#held += 1;
      }
    }
  }

  /** Drops from memory what the writes may have changed. Called after a commit of which it is not known how it ended. */
  forget(writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.table !== "grants") continue;
      const { region, keyId, grantee } = write.op === "delete" ? write.key : write.row;
      this.#sets.forget(nameOf(region, keyId, grantee));
    }
  }
}
