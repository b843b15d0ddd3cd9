import { platform } from "#platform";

/** What is kept, and how long. */
export interface ExpiringCacheOptions<Value> {
  /** From when a value was asked for to when it is asked for anew, at most. */
  readonly maxAgeMs: number;
  readonly maxEntries: number;
  /** Called once for each value, when it has left the cache and nobody uses it any more. */
  readonly dispose: (value: Value) => void;
}

interface Entry<Value> {
  readonly id: string;
  readonly value: Promise<Value>;
  readonly askedAtMs: number;
  users: number;
  state: "kept" | "dropped" | "disposed";
}

/**
 * Values that are costly to get: those that want the same one at once wait for one call. What is too old goes when it is
 * asked for, or when another comes; what was used longest ago goes when there are too many.
 */
export class ExpiringCache<Value> implements Disposable {
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #options: ExpiringCacheOptions<Value>;

  constructor(options: ExpiringCacheOptions<Value>) {
    this.#options = options;
  }

  /**
   * Calls `fn` with a value, which stays whole until what `fn` returns is there.
   *
   * @param load gets it. What it throws, all that wait are told; nothing is kept then
   */
  async use<T>(id: string, load: () => Promise<Value>, fn: (value: Value) => T | Promise<T>): Promise<T> {
    const entry = this.#find(id) ?? this.#add(id, load);
    entry.users++;
    try {
      return await fn(await entry.value);
    } finally {
      entry.users--;
      this.#disposeWhenDone(entry);
    }
  }

  /** Drops everything. */
  [Symbol.dispose](): void {
    for (const entry of this.#entries.values()) this.#drop(entry);
  }

  #find(id: string): Entry<Value> | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined || this.#isOld(entry)) return undefined;
    // A map keeps the order of insertion: the one used last is last.
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    return entry;
  }

  #add(id: string, load: () => Promise<Value>): Entry<Value> {
    for (const entry of this.#entries.values()) {
      if (this.#isOld(entry) || this.#entries.size >= this.#options.maxEntries) this.#drop(entry);
    }
    const entry: Entry<Value> = { id, value: load(), askedAtMs: platform.now(), users: 0, state: "kept" };
    this.#entries.set(id, entry);
    entry.value.catch(() => this.#drop(entry));
    return entry;
  }

  /** A clock that was set back makes everything old. */
  #isOld({ askedAtMs }: Entry<Value>): boolean {
    const ageMs = platform.now() - askedAtMs;
    return !(ageMs >= 0 && ageMs < this.#options.maxAgeMs);
  }

  #drop(entry: Entry<Value>): void {
    if (this.#entries.get(entry.id) === entry) this.#entries.delete(entry.id);
    if (entry.state === "kept") entry.state = "dropped";
    this.#disposeWhenDone(entry);
  }

  #disposeWhenDone(entry: Entry<Value>): void {
    if (entry.state !== "dropped" || entry.users > 0) return;
    entry.state = "disposed";
    entry.value.then(this.#options.dispose, () => {});
  }
}
