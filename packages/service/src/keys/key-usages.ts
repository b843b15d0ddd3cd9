import { limits } from "../limits.ts";
import type { KeyRecord } from "../model/key.ts";
import type { KeyUsageRecord } from "../model/key-usage.ts";
import { type Store, StoreConflict, type Write } from "../ports/store.ts";

/** One use, before it is known what revision its row has. */
export type KeyUse = Omit<KeyUsageRecord, "revision">;

/** What is known of the uses of a key, and since when. */
export interface KeyLastUsage {
  /** Undefined when it was not used since. */
  readonly last: KeyUse | undefined;
  /** When tracking began, or the key was created, whichever is later. */
  readonly trackedSinceMs: number;
}

const trackingSetting = "keyUsage.trackedSinceMs";
/** Rows of one commit. */
const batchRows = 200;
/** With so many keys waiting, the next flush is not waited for. */
const manyKeys = 5_000;
/** Another node may write the same rows meanwhile. */
const maxAttempts = 3;

/**
 * Remembers when each key was last used. A use costs one entry of a map; the rows are written by the lifecycle, at most a
 * minute later, and when the server stops. A crash loses what was not written yet; the audit trail has it.
 */
export class KeyUsages {
  readonly #store: Store;
  /** By key ARN. */
  #pending = new Map<string, KeyUse>();
  #flushing: Promise<void> | undefined;
  #trackedSinceMs: number | undefined;
  readonly #onMany: () => void;

  /** @param onMany called when many keys wait, for a flush to come soon */
  constructor(store: Store, onMany: () => void) {
    this.#store = store;
    this.#onMany = onMany;
  }

  /** Notes a use of a key. The hot path: no row is read or written. */
  note(arn: string, use: KeyUse): void {
    this.#pending.set(arn, use);
    const { size } = this.#pending;
    if (size === manyKeys) this.#onMany();
    // Only while the store cannot be written.
    if (size > limits.unwrittenKeyUses.value) this.#pending.delete(this.#pending.keys().next().value ?? arn);
  }

  /**
   * When a key was last used, as far as this node and the store know.
   *
   * @throws what the store throws
   */
  async lastOf(arn: string, record: KeyRecord, nowMs: number): Promise<KeyLastUsage> {
    const { region, keyId, createdAtMs } = record;
    const stored = await this.#store.get("keyUsages", { region, keyId });
    const trackedSinceMs = Math.max(createdAtMs, await this.trackedSinceMs(nowMs));
    return { last: later(this.#pending.get(arn), stored), trackedSinceMs };
  }

  /**
   * When tracking began on this store: on the first start that knew of it.
   *
   * @throws what the store throws
   */
  async trackedSinceMs(nowMs: number): Promise<number> {
    if (this.#trackedSinceMs !== undefined) return this.#trackedSinceMs;
    let stored = await this.#store.get("settings", { name: trackingSetting });
    if (stored === undefined) {
      const row = { name: trackingSetting, value: String(nowMs), revision: 1 };
      try {
        await this.#store.commit([{ op: "insert", table: "settings", row }]);
        stored = row;
      } catch (error) {
        if (!(error instanceof StoreConflict)) throw error;
        stored = await this.#store.get("settings", { name: trackingSetting });
      }
    }
    this.#trackedSinceMs = Number(stored?.value ?? nowMs);
    return this.#trackedSinceMs;
  }

  /**
   * Writes what is not written yet. What cannot be written waits for the next flush.
   *
   * @throws what the store throws
   */
  flush(nowMs: number): Promise<void> {
    this.#flushing ??= this.#flushAll(nowMs).finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  async #flushAll(nowMs: number): Promise<void> {
    await this.trackedSinceMs(nowMs);
    const uses = [...this.#pending];
    this.#pending = new Map();
    for (let from = 0; from < uses.length; from += batchRows) {
      try {
        await this.#write(uses.slice(from, from + batchRows).map(([, use]) => use));
      } catch (error) {
        for (const [arn, use] of uses.slice(from)) if (!this.#pending.has(arn)) this.#pending.set(arn, use);
        throw error;
      }
    }
  }

  async #write(uses: readonly KeyUse[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const writes = await Promise.all(uses.map((use) => this.#writeOf(use)));
      try {
        await this.#store.commit(writes.filter((write) => write !== undefined));
        return;
      } catch (error) {
        if (!(error instanceof StoreConflict) || attempt === maxAttempts) throw error;
      }
    }
  }

  /** @returns undefined when the store knows of a later use */
  async #writeOf(use: KeyUse): Promise<Write | undefined> {
    const { region, keyId } = use;
    const stored = await this.#store.get("keyUsages", { region, keyId });
    if (stored === undefined) return { op: "insert", table: "keyUsages", row: { ...use, revision: 1 } };
    if (stored.usedAtMs > use.usedAtMs) return undefined;
    return { op: "update", table: "keyUsages", row: { ...use, revision: stored.revision + 1 } };
  }
}

function later(pending: KeyUse | undefined, stored: KeyUsageRecord | undefined): KeyUse | undefined {
  if (pending === undefined || stored === undefined) return pending ?? stored;
  return stored.usedAtMs > pending.usedAtMs ? stored : pending;
}
