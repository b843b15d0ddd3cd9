import { MessagingError } from "../errors.ts";
import { answerOf, endOf, type IndexedDbDatabase, type IndexedDbFactory, type WebLocks } from "./indexed-db.ts";
import { type LogStorage, openLogVault, type VersionWitness } from "./log-vault.ts";
import type { Vault } from "./vault.ts";
import type { VaultKeySource, VaultOwner } from "./vault-keys.ts";
import { unreadable } from "./vault-log.ts";

/** How a browser's database is opened as a vault. */
export interface IndexedDbVaultOptions {
  readonly owner: VaultOwner;
  readonly key: VaultKeySource;
  /** What remembers, elsewhere, how far the vault came; a relay does so by itself. */
  readonly witness?: VersionWitness | undefined;
  /** The browser's own by default. */
  readonly indexedDB?: IndexedDbFactory | undefined;
  /** `navigator.locks` by default. */
  readonly locks?: WebLocks | undefined;
}

const logStore = "log";
const keyStore = "key";
const keyName = "key";

/**
 * A vault in a database of the browser's (IndexedDB), of which one tab at a time has hold (Web Locks). Its log is the same as
 * a directory's. What a transaction wrote is kept durably (`strict`) before it is told. A browser may evict what sites keep:
 * ask for `navigator.storage.persist()`.
 *
 * @param name of the database: one for each device
 * @throws MessagingError VaultUnreadable, VaultRolledBack, KeyUnavailable; InvalidInput when another tab has hold of it, or
 *   there is no IndexedDB
 */
export async function indexedDbVault(name: string, options: IndexedDbVaultOptions): Promise<Vault> {
  const { indexedDB, locks } = machine(options);
  const lock = await takeLock(locks, name);
  let database: IndexedDbDatabase | undefined;
  try {
    database = await openDatabase(indexedDB, name);
    return await openIn(database, lock, options);
  } catch (cause) {
    database?.close();
    await lock.release();
    if (cause instanceof MessagingError) throw cause;
    throw new MessagingError("VaultUnreadable", "The browser's database cannot be opened.", { cause });
  }
}

async function openIn(database: IndexedDbDatabase, lock: Lock, options: IndexedDbVaultOptions): Promise<Vault> {
  const { owner, key, witness } = options;
  const log = new DatabaseLog(database, lock);
  const [stored, bytes] = [await log.storedKey(), await log.load()];
  if ((stored === undefined) !== (bytes === undefined)) throw unreadable();
  if (stored !== undefined) return openLogVault(log, await key.open(owner, stored), witness);
  const made = await key.create(owner);
  log.keyToStore = made.stored;
  return openLogVault(log, made.key, witness);
}

function machine(options: IndexedDbVaultOptions): { readonly indexedDB: IndexedDbFactory; readonly locks: WebLocks } {
  const { indexedDB: ownDatabases, navigator } = globalThis as {
    readonly indexedDB?: IndexedDbFactory;
    readonly navigator?: { readonly locks?: WebLocks };
  };
  const indexedDB = options.indexedDB ?? ownDatabases;
  const locks = options.locks ?? navigator?.locks;
  if (indexedDB === undefined || locks === undefined) {
    throw new MessagingError("InvalidInput", "There is no IndexedDB with Web Locks here: use another vault.");
  }
  return { indexedDB, locks };
}

async function openDatabase(indexedDB: IndexedDbFactory, name: string): Promise<IndexedDbDatabase> {
  const request = indexedDB.open(name, 1);
  request.addEventListener("upgradeneeded", () => {
    request.result.createObjectStore(logStore, { autoIncrement: true });
    request.result.createObjectStore(keyStore);
  });
  return answerOf(request);
}

/** The log as rows: a piece of it each, in order. */
class DatabaseLog implements LogStorage {
  /** What is kept with the first log, at once, so that there is never the one without the other. */
  keyToStore: unknown;
  readonly #database: IndexedDbDatabase;
  readonly #lock: Lock;

  constructor(database: IndexedDbDatabase, lock: Lock) {
    this.#database = database;
    this.#lock = lock;
  }

  storedKey(): Promise<unknown> {
    return answerOf(this.#database.transaction([keyStore], "readonly").objectStore(keyStore).get(keyName));
  }

  async load(): Promise<Uint8Array | undefined> {
    const rows = await answerOf(this.#database.transaction([logStore], "readonly").objectStore(logStore).getAll());
    if (rows.length === 0) return undefined;
    const pieces = rows.map((row) => (row instanceof Uint8Array ? row : new Uint8Array()));
    const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  async truncate(bytes: number): Promise<void> {
    const whole = await this.load();
    await this.replace(whole!.subarray(0, bytes));
  }

  async append(bytes: Uint8Array): Promise<void> {
    const transaction = this.#write([logStore]);
    transaction.objectStore(logStore).add(bytes.slice());
    await endOf(transaction);
  }

  async replace(bytes: Uint8Array): Promise<void> {
    const transaction = this.#write([logStore, keyStore]);
    const log = transaction.objectStore(logStore);
    log.clear();
    log.add(bytes.slice());
    if (this.keyToStore !== undefined) transaction.objectStore(keyStore).put(this.keyToStore, keyName);
    await endOf(transaction);
    this.keyToStore = undefined;
  }

  async close(): Promise<void> {
    this.#database.close();
    await this.#lock.release();
  }

  #write(stores: readonly string[]) {
    return this.#database.transaction(stores, "readwrite", { durability: "strict" });
  }
}

interface Lock {
  release(): Promise<void>;
}

/** A lock that ends with the tab. */
async function takeLock(locks: WebLocks, name: string): Promise<Lock> {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: taken, resolve, reject } = Promise.withResolvers<void>();
  const held = locks.request(`coffer vault ${name}`, { ifAvailable: true }, async (lock) => {
    if (lock === null) {
      throw new MessagingError("InvalidInput", `Another tab uses the vault ${name}: close it, or go on in that one.`);
    }
    resolve();
    await released;
  });
  held.catch(reject);
  await taken;
  return {
    async release() {
      release();
      await held;
    },
  };
}
