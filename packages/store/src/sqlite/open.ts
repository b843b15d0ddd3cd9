import { chmodSync, closeSync, fsyncSync, openSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Store } from "@coffer/service";
import { Kysely } from "kysely";
import { StoreInUse, StoreTooNew } from "../errors.ts";
import { sqliteColumnTypes } from "../migrations/column-types.ts";
import { migrations } from "../migrations/index.ts";
import { type AnySchema, migrate } from "../migrations/migrate.ts";
import type { Database } from "../schema/tables.ts";
import { SqlStore } from "../sql-store.ts";
import { nodeSqliteDialect } from "./dialect.ts";
import { SqliteEngine } from "./sqlite-engine.ts";

/** `disk`: a commit is synced before it is answered. `os`: it survives the process, not the power. */
export type Durability = "disk" | "os";

export interface SqliteStoreOptions {
  /** The database file, in a directory that exists; made when missing. `:memory:` keeps everything in memory. */
  readonly path: string;
  readonly durability: Durability;
  /** Whether to lock out every other process for as long as the store is open. */
  readonly exclusive: boolean;
  /** Told the name of each schema migration that opening applied. */
  readonly onMigration?: (name: string) => void;
}

/** How long a store that shares its file waits for another process's lock. */
const sharedBusyMs = 5000;
const busyCode = 5;
const notDatabaseCode = 26;
const primaryCodeMask = 0xff;
const privateFileMode = 0o600;
const groupAndOthersMode = 0o077;

/**
 * Opens the embedded store. Opening reads the schema and a few settings, never the rows.
 *
 * @throws StoreInUse when another process has the file open exclusively, or this one wants to and another has it open
 * @throws StoreTooNew when a newer version has migrated it
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  return makeStore(await openSqliteDatabase(options));
}

/** The store over an open, migrated database, which it owns from here on. */
export function makeStore(database: DatabaseSync): Store {
  return new SqlStore(new SqliteEngine(database), new Kysely<Database>({ dialect: nodeSqliteDialect(database) }));
}

/** Opens and migrates the database of a store: for tests that look into it. Errors as `openSqliteStore`. */
export async function openSqliteDatabase(options: SqliteStoreOptions): Promise<DatabaseSync> {
  const inMemory = options.path === ":memory:";
  const path = inMemory ? options.path : resolve(options.path);
  if (!inMemory) makePrivateFile(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: options.exclusive ? 0 : sharedBusyMs });
    configure(database, options, inMemory);
    const db = new Kysely<AnySchema>({ dialect: nodeSqliteDialect(database) });
    const { onMigration } = options;
    const { unknown } = await migrate({ db, types: sqliteColumnTypes, migrations, onMigration });
    if (unknown !== undefined) throw new StoreTooNew(path, unknown);
    return database;
  } catch (cause) {
    database?.close();
    throw explain(path, cause);
  }
}

function configure(database: DatabaseSync, { durability, exclusive }: SqliteStoreOptions, inMemory: boolean): void {
  // Before the first access, so that the lock is taken with it and the log needs no shared memory file.
  if (exclusive) database.exec("PRAGMA locking_mode = EXCLUSIVE");
  const journal = database.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"];
  if (!inMemory && journal !== "wal") {
    throw new Error(`SQLite cannot keep a write-ahead log there (journal mode ${String(journal)})`);
  }
  database.exec(`
    PRAGMA synchronous = ${durability === "disk" ? "FULL" : "NORMAL"};
    PRAGMA secure_delete = ON;
    PRAGMA foreign_keys = ON;
    PRAGMA trusted_schema = OFF;
  `);
}

/** Makes the file, or takes the group's and others' access from one that is there. SQLite gives its log the file's mode. */
function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", privateFileMode));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    // By path: closing a descriptor would release the locks that this process has on the file.
    for (const file of [path, `${path}-wal`, `${path}-shm`]) {
      const mode = statSync(file, { throwIfNoEntry: false })?.mode;
      if (mode !== undefined && (mode & groupAndOthersMode) !== 0) chmodSync(file, privateFileMode);
    }
    return;
  }
  const directory = openSync(dirname(path), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function explain(path: string, cause: unknown): unknown {
  const { errcode } = cause as { errcode?: unknown };
  if (typeof errcode !== "number") return cause;
  const primary = errcode & primaryCodeMask;
  if (primary === busyCode) return new StoreInUse(path, cause);
  if (primary === notDatabaseCode) return new Error(`The file ${path} is not a SQLite database`, { cause });
  return new Error(`The database ${path} could not be opened: ${(cause as Error).message}`, { cause });
}
