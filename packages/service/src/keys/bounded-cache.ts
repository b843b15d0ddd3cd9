/**
 * A map with at most `maxEntries` entries; the entry that was set longest ago and not used since goes first.
 * Reading moves an entry only when it is in the older half, so that a hot read costs one look-up.
 */
export class BoundedCache<K, V> {
  readonly #maxEntries: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  constructor(maxEntries: number) {
    this.#maxEntries = Math.max(2, maxEntries);
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.set(key, old);
    return old;
  }

  set(key: K, value: V): void {
    this.#old.delete(key);
    this.#young.set(key, value);
    if (this.#young.size >= this.#maxEntries / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
  }

  delete(key: K): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  /** All values, in no order. */
  *values(): IterableIterator<V> {
    yield* this.#young.values();
    yield* this.#old.values();
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }
}
