import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MessagingError } from "../errors.ts";

/** Hold of a directory. */
export interface DirectoryLock {
  /** Lets it go. Further calls do nothing. */
  release(): void;
}

/**
 * Takes hold of a directory, for one process and one use of it. Node has no way to lock a file, SQLite has: the system's own
 * lock, which ends with the process however that ends, and which no number of a later process is taken for. On network file
 * systems it is as good as theirs.
 *
 * @throws MessagingError InvalidInput when another has hold of it
 */
export function lockDirectory(directory: string): DirectoryLock {
  const file = join(directory, "vault.lock");
  let database: DatabaseSync | undefined;
  try {
    makeFile(file);
    database = new DatabaseSync(file, { timeout: 0 });
    database.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    if (database?.isOpen) database.close();
    throw new MessagingError(
      "InvalidInput",
      `The vault in ${directory} cannot be locked: close the process that uses it, or name another directory.`,
      { cause },
    );
  }
  const held = database;
  return {
    release() {
      if (held.isOpen) held.close();
    },
  };
}

/** Never opened again when it is there: closing it would give up the locks that this process has on it (POSIX, fcntl). */
function makeFile(file: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
  }
}
