// The parts of the Indexed Database API 3.0 (W3C) and of Web Locks (W3C) that a vault uses. TypeScript has them in its library
// for browsers, which does not go together with Node's types.

/** `IDBFactory`. */
export interface IndexedDbFactory {
  open(name: string, version?: number): IndexedDbRequest<IndexedDbDatabase>;
}

/** `IDBRequest`. */
export interface IndexedDbRequest<T> {
  readonly result: T;
  readonly error: unknown;
  addEventListener(type: "success" | "error" | "upgradeneeded" | "blocked", listener: () => void): void;
}

/** `IDBDatabase`. */
export interface IndexedDbDatabase {
  createObjectStore(name: string, options?: { readonly autoIncrement: boolean }): unknown;
  transaction(
    names: readonly string[],
    mode: "readonly" | "readwrite",
    options?: { readonly durability: "strict" },
  ): IndexedDbTransaction;
  addEventListener(type: "versionchange", listener: () => void): void;
  close(): void;
}

/** `IDBTransaction`. */
export interface IndexedDbTransaction {
  readonly error: unknown;
  objectStore(name: string): IndexedDbStore;
  addEventListener(type: "complete" | "abort" | "error", listener: () => void): void;
}

/** `IDBObjectStore`. */
export interface IndexedDbStore {
  add(value: unknown): IndexedDbRequest<unknown>;
  put(value: unknown, key: string): IndexedDbRequest<unknown>;
  get(key: string): IndexedDbRequest<unknown>;
  getAll(): IndexedDbRequest<unknown[]>;
  clear(): IndexedDbRequest<unknown>;
}

/** `LockManager`. */
export interface WebLocks {
  request<T>(name: string, options: { readonly ifAvailable: true }, run: (lock: unknown) => Promise<T>): Promise<T>;
}

/** What a request is answered with. */
export function answerOf<T>(request: IndexedDbRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}

/** Fulfilled when a transaction was kept. */
export function endOf(transaction: IndexedDbTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener("complete", () => resolve());
    transaction.addEventListener("abort", () => reject(transaction.error));
  });
}
