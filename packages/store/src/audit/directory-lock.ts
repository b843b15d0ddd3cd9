import { chmodSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The file whose lock says that a process writes this log. */
export const lockName = "audit.lock";

/** SQLITE_BUSY (https://sqlite.org/rescode.html). */
const sqliteBusy = 5;

/**
 * Takes the directory for one writer: two would fork the chain. The lock is the kernel's, on an empty SQLite file
 * (https://sqlite.org/lockingv3.html), so it goes with the process, however that ends, and leaves nothing stale behind.
 *
 * @returns what releases the lock
 * @throws Error when another writer has the log open
 */
export function lockDirectory(directory: string): () => void {
  const path = join(directory, lockName);
  const database = new DatabaseSync(path);
  try {
    chmodSync(path, 0o600);
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (!(error instanceof Error && "errcode" in error && error.errcode === sqliteBusy)) throw error;
    throw new Error(`another process has the audit log in ${directory} open; stop it first`, { cause: error });
  }
  return () => database.close();
}
