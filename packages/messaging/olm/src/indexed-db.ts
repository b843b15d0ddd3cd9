// The part of the Indexed Database API 3.0 (W3C) that Matrix's store uses. TypeScript has it in its library for browsers,
// which does not go together with Node's types.

/** `IDBRequest`. */
export interface Request<T> {
  readonly result: T;
  readonly error: unknown;
  addEventListener(type: "success" | "error" | "upgradeneeded", listener: () => void): void;
}

/** `IDBFactory`. */
export interface Factory {
  open(name: string, version?: number): Request<Database>;
}

/** `IDBDatabase`. */
export interface Database {
  readonly version: number;
  readonly objectStoreNames: Iterable<string>;
  createObjectStore(name: string): ObjectStore;
  transaction(names: string | readonly string[], mode?: string, options?: unknown): Transaction;
  close(): void;
}

/** `IDBTransaction`. */
export interface Transaction {
  objectStore(name: string): ObjectStore;
  addEventListener(type: "complete", listener: () => void): void;
}

/** `IDBObjectStore`, with keys that are strings. */
export interface ObjectStore {
  readonly name: string;
  readonly keyPath: unknown;
  readonly autoIncrement: boolean;
  readonly indexNames: Iterable<string>;
  index(name: string): {
    readonly name: string;
    readonly keyPath: string | string[];
    readonly unique: boolean;
    readonly multiEntry: boolean;
  };
  createIndex(name: string, keyPath: string | string[], options: { unique: boolean; multiEntry: boolean }): unknown;
  put(value: unknown, key: string): Request<unknown>;
  add(value: unknown, key: string): Request<unknown>;
  delete(query: unknown): Request<unknown>;
  clear(): Request<unknown>;
  get(key: string): Request<unknown>;
  getKey(key: string): Request<unknown>;
  getAllKeys(query?: unknown): Request<string[]>;
  getAll(): Request<unknown[]>;
}
