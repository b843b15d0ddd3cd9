import type { DatabaseSync, StatementSync } from "node:sqlite";
import { StoreConflict } from "@coffer/service";
import type { Query } from "../queries/query.ts";
import type { EncodedWrite } from "../queries/table-queries.ts";
import type { Row } from "../schema/row.ts";
import type { SqlEngine } from "../sql-store.ts";

/** A commit that waits for the next group. */
interface PendingCommit {
  readonly writes: readonly EncodedWrite[];
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Runs compiled queries on one SQLite connection. Commits that arrive in one turn of the event loop share a
 * transaction, and so its one sync to disk; each is a savepoint in it, so a conflict of one leaves the others alone.
 */
export class SqliteEngine implements SqlEngine {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #pending: PendingCommit[] = [];
  #closed = false;

  /** @param database open and migrated; the engine owns it from here on */
  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  async rows<A>(query: Query<A>, args: A): Promise<readonly Row[]> {
    this.#refuseClosed();
    return this.#prepare(query.sql).all(...query.bind(args)) as Row[];
  }

  commit(writes: readonly EncodedWrite[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#refuseClosed();
      if (this.#pending.push({ writes, resolve, reject }) === 1) setImmediate(() => this.#flush());
    });
  }

  /** Writes what is pending, then closes the database. Does nothing the second time. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    this.#statements.clear();
    this.#database.close();
  }

  #refuseClosed(): void {
    if (this.#closed) throw new Error("the store is closed");
  }

  #flush(): void {
    const group = this.#pending;
    if (group.length === 0) return;
    this.#pending = [];
    let answers: readonly (() => void)[];
    try {
      answers = this.#writeGroup(group);
    } catch (cause) {
      const failure = new Error("the database could not commit", { cause });
      for (const { reject } of group) reject(failure);
      return;
    }
    this.#erase(group);
    for (const answer of answers) answer();
  }

  /** Writes a group in one transaction. Returns what answers each commit, to be called once the transaction is durable. */
  #writeGroup(group: readonly PendingCommit[]): readonly (() => void)[] {
    this.#run("BEGIN IMMEDIATE");
    try {
      const answers = group.map(({ writes, resolve, reject }) => {
        const conflict = this.#writeOne(writes);
        return conflict === undefined ? resolve : () => reject(conflict);
      });
      this.#run("COMMIT");
      return answers;
    } catch (failure) {
      // SQLite has rolled back by itself after some failures.
      if (this.#database.isTransaction) this.#run("ROLLBACK");
      throw failure;
    }
  }

  #writeOne(writes: readonly EncodedWrite[]): StoreConflict | undefined {
    this.#run("SAVEPOINT one");
    for (const { table, query, args, conflict } of writes) {
      const { changes } = this.#prepare(query.sql).run(...query.bind(args));
      if (changes === 0 && conflict !== undefined) {
        this.#run("ROLLBACK TO one");
        this.#run("RELEASE one");
        return new StoreConflict(conflict, table);
      }
    }
    this.#run("RELEASE one");
    return undefined;
  }

  /**
   * Moves the write-ahead log into the database and empties it when rows with key material were deleted: the log would
   * keep their bytes until it wraps around. What prevents it (a reader in another process, a full disk) cannot undo the
   * commit any more; the next deletion, or closing, does it then.
   */
  #erase(group: readonly PendingCommit[]): void {
    if (!group.some(({ writes }) => writes.some(({ erases }) => erases))) return;
    try {
      this.#prepare("PRAGMA wal_checkpoint(TRUNCATE)").all();
    } catch {
      // The commit stands, durable in the log.
    }
  }

  #run(sql: string): void {
    this.#prepare(sql).run();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
