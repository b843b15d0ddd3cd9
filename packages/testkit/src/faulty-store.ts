import { ServiceError, type Store, type StoreHealth, type Write } from "@coffer/service";

/** A store whose calls a test can hold up or make fail. What a hook throws is what the call throws. */
export class FaultyStore {
  readonly store: Store;
  /** Runs before each commit reaches the store. */
  beforeCommit: (writes: readonly Write[]) => void | Promise<void> = () => {};
  /** Runs once the store has committed, before the caller learns of it. */
  afterCommit: (writes: readonly Write[]) => void | Promise<void> = () => {};
  /** Runs once a read has its answer, before the caller sees it. */
  afterRead: (method: string, args: readonly unknown[]) => void | Promise<void> = () => {};

  #health: StoreHealth | undefined;

  constructor(store: Store) {
    const faulty = this;
    const calls = new Map<PropertyKey, unknown>();
    calls.set("commit", async (writes: readonly Write[]) => {
      await faulty.beforeCommit(writes);
      await store.commit(writes);
      await faulty.afterCommit(writes);
    });
    calls.set("close", () => store.close());
    calls.set("health", () => faulty.#health ?? store.health());
    this.store = new Proxy(store, {
      get(target, name) {
        const known = calls.get(name);
        if (known !== undefined) return known;
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        const read = async (...args: unknown[]) => {
          const answer: unknown = await method.apply(target, args);
          await faulty.afterRead(String(name), args);
          return answer;
        };
        calls.set(name, read);
        return read;
      },
    });
  }

  /** Makes every commit fail for a reason, a whole sentence, and the health with it. */
  breakDown(reason: string): void {
    this.#health = { ok: false, reason };
    this.beforeCommit = () => {
      throw ServiceError.of("StoreUnavailable", { reason });
    };
  }

  /** Makes everything work again. */
  heal(): void {
    this.#health = undefined;
    this.beforeCommit = () => {};
    this.afterCommit = () => {};
    this.afterRead = () => {};
  }
}
