import { platform } from "#platform";
import { invalidInput } from "../errors.ts";
import type { DecryptionMaterials, EncryptionMaterials } from "../materials/materials.ts";

/** What happened in a cache so far. */
export interface CacheStatistics {
  /** Requests that were served without a call. */
  readonly hits: number;
  /** Requests that made a call. */
  readonly misses: number;
  /** Requests that waited for the call of another one. */
  readonly coalesced: number;
  /** Entries that went because there was no room. */
  readonly evictions: number;
  /** Entries that went because they were too old, or used up. */
  readonly expirations: number;
  /** Entries that are there. */
  readonly entries: number;
}

/** How large a cache is. */
export interface LocalCacheOptions {
  /** Entries at most; what was used longest ago goes first. */
  readonly capacity: number;
  /** The clock, in milliseconds since 1970. Default: the platform's. */
  readonly now?: () => number;
}

/** Materials that may be kept. */
export type CacheableMaterials = EncryptionMaterials | DecryptionMaterials;

/** How much a data key is used, or may be. */
export interface KeyUse {
  readonly messages: number;
  readonly bytes: number;
}

/** What a source of materials asks a cache for. */
export interface CacheRequest<T extends CacheableMaterials> {
  /** Of everything that the materials depend on. */
  readonly id: string;
  readonly use: KeyUse;
  readonly limits: KeyUse;
  readonly maxAgeMs: number;
  /** Brings materials when there are none. */
  readonly fetch: () => Promise<T>;
}

/** One kept data key, and how far it was used. */
interface Entry {
  readonly materials: CacheableMaterials;
  readonly madeAtMs: number;
  readonly maxAgeMs: number;
  messages: number;
  bytes: number;
  /** Messages that are being made or read with it now. */
  users: number;
  removed: boolean;
  /** Takes back the timer that ends it. */
  cancelTimer: (() => void) | undefined;
}

/** A timer waits for 2^31 milliseconds at most. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * Keeps data keys in memory for some time, so that not every message costs a call. Keys are filled with zeros when they
 * leave: too old, used up, crowded out, cleared; what is in use just then, after its last use. One cache can serve several
 * sources of materials; their partitions keep them apart. Source: AWS Encryption SDK specification,
 * framework/local-cryptographic-materials-cache.md.
 */
export class LocalCryptoMaterialsCache implements Disposable {
  readonly #capacity: number;
  readonly #now: () => number;
  /** From what was used longest ago to what was used last. */
  readonly #entries = new Map<string, Entry>();
  readonly #calls = new Map<string, Promise<Entry>>();
  readonly #counts = { hits: 0, misses: 0, coalesced: 0, evictions: 0, expirations: 0 };
  #disposed = false;

  /** @throws EnvelopeError InvalidInput */
  constructor({ capacity, now = platform.now }: LocalCacheOptions) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) throw invalidInput("A cache's capacity is at least 1.");
    this.#capacity = capacity;
    this.#now = now;
  }

  /** What happened so far. */
  get statistics(): CacheStatistics {
    return { ...this.#counts, entries: this.#entries.size };
  }

  /** Forgets every key. */
  clear(): void {
    for (const id of [...this.#entries.keys()]) this.#remove(id);
  }

  /** Forgets every key, and keeps none from now on. */
  dispose(): void {
    this.#disposed = true;
    this.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /**
   * Materials of an id: those that are kept, else those that `fetch` brings. Requests of one id that come together make one
   * call; when it fails, all of them fail, and nothing is kept.
   *
   * @returns materials whose disposal ends this use alone
   */
  async materialsFor<T extends CacheableMaterials>(request: CacheRequest<T>): Promise<T> {
    for (let waited = false; ; waited = true) {
      const kept = this.#find(request);
      if (kept !== undefined) {
        if (!waited) this.#counts.hits++;
        return leaseOf(kept) as T;
      }
      const running = this.#calls.get(request.id);
      if (running === undefined) {
        this.#counts.misses++;
        return leaseOf(await this.#fetch(request), "counted") as T;
      }
      if (!waited) this.#counts.coalesced++;
      await running;
    }
  }

  /** A kept entry that has this use left in it, and takes it. */
  #find({ id, use, limits }: CacheRequest<CacheableMaterials>): Entry | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined || this.#removeIfTooOld(id, entry)) return undefined;
    if (entry.messages + use.messages > limits.messages || entry.bytes + use.bytes > limits.bytes) {
      this.#counts.expirations++;
      this.#remove(id);
      return undefined;
    }
    entry.messages += use.messages;
    entry.bytes += use.bytes;
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    return entry;
  }

  async #fetch({ id, use, maxAgeMs, fetch }: CacheRequest<CacheableMaterials>): Promise<Entry> {
    const call = (async () => {
      const materials = await fetch();
      // Whoever fetched it uses it, whatever becomes of it in the cache.
      const entry = {
        ...{ materials, madeAtMs: this.#now(), maxAgeMs, ...use, users: 1 },
        ...{ removed: this.#disposed, cancelTimer: undefined },
      };
      if (!this.#disposed) this.#add(id, entry);
      return entry;
    })();
    this.#calls.set(id, call);
    try {
      return await call;
    } finally {
      this.#calls.delete(id);
    }
  }

  #add(id: string, entry: Entry): void {
    this.#remove(id);
    while (this.#entries.size >= this.#capacity) {
      const [oldest = ""] = this.#entries.keys();
      this.#counts.evictions++;
      this.#remove(oldest);
    }
    this.#entries.set(id, entry);
    this.#planEnd(id, entry);
  }

  #remove(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    entry.cancelTimer?.();
    entry.removed = true;
    if (entry.users === 0) entry.materials[Symbol.dispose]();
  }

  #removeIfTooOld(id: string, entry: Entry): boolean {
    const ageMs = this.#now() - entry.madeAtMs;
    // A clock that was set back says nothing about the age.
    if (ageMs >= 0 && ageMs < entry.maxAgeMs) return false;
    this.#counts.expirations++;
    this.#remove(id);
    return true;
  }

  /** So that old keys go also when nobody asks any more. */
  #planEnd(id: string, entry: Entry): void {
    const leftMs = entry.maxAgeMs - (this.#now() - entry.madeAtMs);
    entry.cancelTimer = platform.after(Math.min(Math.max(leftMs, 1), maxTimerMs), () => {
      if (!this.#removeIfTooOld(id, entry)) this.#planEnd(id, entry);
    });
  }
}

/** An entry's materials for one user. `counted`: the entry counts this user already. */
function leaseOf(entry: Entry, counted?: "counted"): CacheableMaterials {
  if (counted === undefined) entry.users++;
  let ended = false;
  return {
    ...entry.materials,
    [Symbol.dispose]: () => {
      if (ended) return;
      ended = true;
      entry.users--;
      if (entry.removed && entry.users === 0) entry.materials[Symbol.dispose]();
    },
  };
}
