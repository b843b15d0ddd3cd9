import { BoundedCache } from "./bounded-cache.ts";

/**
 * A bounded cache over the store. What is read while its name is forgotten is not kept, so that nothing stays that was
 * read before a commit and arrived after it.
 */
export class ReadThroughCache<V> {
  readonly #values: BoundedCache<string, V>;
  /** The newest read of each name that is under way. */
  readonly #reads = new Map<string, object>();

  constructor(maxEntries: number) {
    this.#values = new BoundedCache(maxEntries);
  }

  cached(name: string): V | undefined {
    return this.#values.get(name);
  }

  /** The value of a name, read when it is not in memory. What there is not is asked for each time. */
  async find(name: string, read: () => Promise<V | undefined>): Promise<V | undefined> {
    const cached = this.#values.get(name);
    if (cached !== undefined) return cached;
    const mine = {};
    this.#reads.set(name, mine);
    try {
      const value = await read();
      if (value !== undefined && this.#reads.get(name) === mine) this.#values.set(name, value);
      return value;
    } finally {
      if (this.#reads.get(name) === mine) this.#reads.delete(name);
    }
  }

  /** All values in memory, in no order. */
  values(): Iterable<V> {
    return this.#values.values();
  }

  /** Forgets everything, what is being read too. */
  forgetAll(): void {
    this.#values.clear();
    this.#reads.clear();
  }

  /** Does not keep what is being read now. */
  discardReads(name: string): void {
    this.#reads.delete(name);
  }

  /** Drops all values to make room; what is being read now is kept. */
  clear(): void {
    this.#values.clear();
  }

  forget(name: string): void {
    this.#values.delete(name);
    this.#reads.delete(name);
  }
}
