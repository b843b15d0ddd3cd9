import type { StateTransaction } from "@coffer/messaging";
import { IDBFactory as MemoryFactory } from "fake-indexeddb";
import type { Database, Factory, ObjectStore, Request, Transaction } from "./indexed-db.ts";

/** Where the records are in a device's state. */
const prefix = "protocol/olm/store/";
const schemaKey = "protocol/olm/schema";

/**
 * Stores whose records are neither kept nor held. Matrix notes the hash of each message for ever, to know a replay from
 * a broken session; a replay does not open without it either, because its key is gone.
 */
const dropped: ReadonlySet<string> = new Set(["olm_hashes"]);

/** Values as JSON, by the state's keys; undefined for what was deleted. */
type Changes = Map<string, string | undefined>;

/** From here on a record is worth a look at whether it changed. */
const largeBytes = 4096;

interface Schema {
  readonly version: number;
  readonly stores: readonly StoreSchema[];
}

interface StoreSchema {
  readonly name: string;
  readonly indexes: readonly {
    readonly name: string;
    readonly keyPath: string | string[];
    readonly unique: boolean;
    readonly multiEntry: boolean;
  }[];
}

/**
 * An IndexedDB in memory with one database, that notes what is written to it, so that exactly that goes into
 * a `StateTransaction`. All its keys are strings and its values JSON, as Matrix's store has them.
 */
export class RecordDatabase {
  readonly factory: Factory = new (MemoryFactory as unknown as new () => Factory)();
  readonly #name: string;
  readonly #changes: Changes = new Map();

  constructor(name: string) {
    this.#name = name;
    const open = this.factory.open.bind(this.factory);
    this.factory.open = (databaseName, version) => {
      const request = open(databaseName, version);
      request.addEventListener("success", () => this.#watch(request.result));
      return request;
    };
  }

  /** Fills the database from a device's state. Nothing happens when the state has none. */
  async load(state: StateTransaction): Promise<void> {
    const text = await state.get(schemaKey);
    if (text === undefined) return;
    const schema = JSON.parse(new TextDecoder().decode(text)) as Schema;
    const records = new Map<string, [string, unknown][]>();
    for (const key of await state.list(prefix)) {
      const [store, name] = splitKey(key);
      const value = (await state.get(key))!;
      const inStore = records.get(store) ?? [];
      records.set(store, inStore);
      inStore.push([name, JSON.parse(new TextDecoder().decode(value))]);
    }
    const request = this.factory.open(this.#name, schema.version);
    request.addEventListener("upgradeneeded", () => {
      for (const { name, indexes } of schema.stores) {
        const store = request.result.createObjectStore(name);
        for (const { name: index, keyPath, unique, multiEntry } of indexes) {
          store.createIndex(index, keyPath, { unique, multiEntry });
        }
        for (const [key, value] of records.get(name) ?? []) store.put(value, key);
      }
    });
    (await resultOf(request)).close();
    this.#changes.clear();
  }

  /** Whether something was written under a key that begins so since the last `save`. */
  hasWritten(store: string, keyPrefix: string): boolean {
    const begin = stateKey(store, keyPrefix);
    return this.#changes.entries().some(([key, value]) => key.startsWith(begin) && value !== undefined);
  }

  /** Whether something was written since the last `save`. */
  get hasChanged(): boolean {
    return this.#changes.size > 0;
  }

  /** One record's value. */
  async read(store: string, key: string): Promise<unknown> {
    const database = await resultOf(this.factory.open(this.#name));
    const value = await resultOf(database.transaction(store, "readonly").objectStore(store).get(key));
    database.close();
    return value;
  }

  /** Deletes records, as the library would. */
  async remove(store: string, keys: readonly string[]): Promise<void> {
    const database = await resultOf(this.factory.open(this.#name));
    const transaction = database.transaction(store, "readwrite");
    const completed = new Promise<void>((resolve) => {
      transaction.addEventListener("complete", resolve);
    });
    for (const key of keys) transaction.objectStore(store).delete(key);
    await completed;
    database.close();
  }

  /** Puts what was written since the last time into a transaction. */
  async save(state: StateTransaction): Promise<void> {
    for (const [key, value] of this.#changes) {
      if (value === undefined) state.delete(key);
      else {
        const bytes = new TextEncoder().encode(value);
        // The library writes its account, with all one-time keys, at each message that it opens.
        const isLarge = bytes.length >= largeBytes;
        if (!isLarge || !isSame(await state.get(key), bytes)) state.put(key, bytes);
      }
    }
    this.#changes.clear();
  }

  /** Puts everything into a transaction, when the library made the database or brought it to another version. */
  async saveAllIfNew(state: StateTransaction): Promise<void> {
    const database = await resultOf(this.factory.open(this.#name));
    const kept = await state.get(schemaKey);
    if (kept === undefined || (JSON.parse(new TextDecoder().decode(kept)) as Schema).version !== database.version) {
      const names = [...database.objectStoreNames];
      const transaction = database.transaction(names, "readonly");
      const stores = names.map((name) => transaction.objectStore(name));
      const schema: Schema = { version: database.version, stores: stores.map(schemaOf) };
      for (const key of await state.list(prefix)) state.delete(key);
      for (const store of stores) {
        const [keys, values] = await Promise.all([resultOf(store.getAllKeys()), resultOf(store.getAll())]);
        keys.forEach((key, n) => {
          if (!dropped.has(store.name)) this.#changes.set(stateKey(store.name, key), encodeValue(values[n]));
        });
      }
      state.put(schemaKey, new TextEncoder().encode(JSON.stringify(schema)));
    }
    database.close();
    await this.save(state);
  }

  #watch(database: Database): void {
    const begin = database.transaction.bind(database);
    database.transaction = (names, mode, options) => {
      const transaction = begin(names, mode, options);
      if (mode === "readwrite") this.#watchTransaction(transaction);
      return transaction;
    };
  }

  #watchTransaction(transaction: Transaction): void {
    // The library aborts transactions that it needs no more.
    const changes: Changes = new Map();
    transaction.addEventListener("complete", () => {
      for (const [key, value] of changes) this.#changes.set(key, value);
    });
    const storeOf = transaction.objectStore.bind(transaction);
    const watched = new Set<ObjectStore>();
    transaction.objectStore = (name) => {
      const store = storeOf(name);
      if (!watched.has(store)) watchStore(store, changes);
      watched.add(store);
      return store;
    };
  }
}

/** Notes what is written to a store within one transaction. */
function watchStore(store: ObjectStore, changes: Changes): void {
  const { name } = store;
  const [put, add, remove, clear] = [store.put, store.add, store.delete, store.clear].map((method) =>
    method.bind(store),
  ) as [ObjectStore["put"], ObjectStore["add"], ObjectStore["delete"], ObjectStore["clear"]];
  const noteRemoval = (query?: unknown) => {
    const keys = store.getAllKeys(query);
    keys.addEventListener("success", () => {
      for (const key of keys.result) changes.set(stateKey(name, key), undefined);
    });
  };
  const write = (method: ObjectStore["put"]) => (value: unknown, key: string) => {
    if (dropped.has(name)) return store.getKey(key);
    changes.set(stateKey(name, key), encodeValue(value));
    return method(value, key);
  };
  store.put = write(put);
  store.add = write(add);
  store.delete = (query) => {
    if (typeof query === "string") changes.set(stateKey(name, query), undefined);
    else noteRemoval(query);
    return remove(query);
  };
  store.clear = () => {
    noteRemoval();
    return clear();
  };
}

/** The state's key of a record. */
export function stateKey(store: string, key: string): string {
  if (typeof key !== "string") throw new TypeError("Matrix's store has another kind of key than it had.");
  return `${prefix}${store}/${encodeURIComponent(key)}`;
}

function splitKey(key: string): [string, string] {
  const at = key.indexOf("/", prefix.length);
  return [key.slice(prefix.length, at), decodeURIComponent(key.slice(at + 1))];
}

function encodeValue(value: unknown): string {
  // Most are text, and looking at each member is slow.
  if (typeof value === "string") return JSON.stringify(value);
  return JSON.stringify(value, (_, member: unknown) => {
    // JSON would write these as something else without a word.
    if (typeof member === "bigint" || ArrayBuffer.isView(member) || member instanceof ArrayBuffer)
      throw new TypeError("Matrix's store has another kind of value than it had.");
    return member;
  });
}

function schemaOf(store: ObjectStore): StoreSchema {
  if (store.keyPath !== null || store.autoIncrement) {
    throw new TypeError("Matrix's store has another kind of object store than it had.");
  }
  const indexes = [...store.indexNames].map((indexName) => {
    const { name, keyPath, unique, multiEntry } = store.index(indexName);
    return { name, keyPath, unique, multiEntry };
  });
  return { name: store.name, indexes };
}

function isSame(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a?.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** What a request gives; rejects with its error. */
function resultOf<T>(request: Request<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}
