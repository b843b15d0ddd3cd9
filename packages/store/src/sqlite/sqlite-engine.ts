import type { DatabaseSync, StatementSync } from "node:sqlite";
import { ServiceError, StoreConflict, type StoreHealth } from "@coffer/service";
import type { Query } from "../queries/query.ts";
import type { EncodedWrite } from "../queries/table-queries.ts";
import type { Row } from "../schema/row.ts";
import type { SqlEngine } from "../sql-store.ts";
import { findFault, type StoreFault } from "./failures.ts";
import { probeRoom } from "./probe-room.ts";

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
  /** Why the last call failed, until a commit works again. */
  #fault: StoreFault | undefined;

  /** @param database open and migrated; the engine owns it from here on */
  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  async rows<A>(query: Query<A>, args: A): Promise<readonly Row[]> {
    this.#refuseClosed();
    try {
      return this.#prepare(query.sql).all(...query.bind(args)) as Row[];
    } catch (cause) {
      throw this.#unavailable(cause) ?? cause;
    }
  }

  commit(writes: readonly EncodedWrite[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#refuseClosed();
      if (this.#pending.push({ writes, resolve, reject }) === 1) setImmediate(() => this.#flush());
    });
  }

  health(): StoreHealth {
    return this.#fault === undefined ? { ok: true } : { ok: false, reason: this.#fault.reason };
  }

  async probe(): Promise<void> {
    if (this.#closed || this.#fault === undefined || this.#fault.lasting) return;
    try {
      const path = this.#database.location();
      if (path !== null) probeRoom(`${path}.probe`);
      this.#endLeftover();
      this.#run("BEGIN IMMEDIATE");
      try {
        // Writes the first page, although nothing in it changes.
        const version = Number(this.#prepare("PRAGMA user_version").get()?.["user_version"]);
        this.#database.exec(`PRAGMA user_version = ${version}`);
        this.#run("COMMIT");
      } finally {
        this.#rollBack();
      }
      this.#fault = undefined;
    } catch (cause) {
      this.#unavailable(cause);
    }
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
      const failure = this.#unavailable(cause) ?? new Error("the database could not commit", { cause });
      for (const { reject } of group) reject(failure);
      return;
    }
    if (this.#fault?.lasting !== true) this.#fault = undefined;
    this.#erase(group);
    for (const answer of answers) answer();
  }

  /** Writes a group in one transaction. Returns what answers each commit, to be called once the transaction is durable. */
  #writeGroup(group: readonly PendingCommit[]): readonly (() => void)[] {
    this.#endLeftover();
    this.#run("BEGIN IMMEDIATE");
    try {
      const answers = group.map(({ writes, resolve, reject }) => {
        const conflict = this.#writeOne(writes);
        return conflict === undefined ? resolve : () => reject(conflict);
      });
      this.#run("COMMIT");
      return answers;
    } catch (failure) {
      this.#rollBack();
      throw failure;
    }
  }

  /** Ends a transaction that failed, unless SQLite has done so by itself. */
  #rollBack(): void {
    try {
      this.#endLeftover();
    } catch {
      // What failed first is what is told. The next transaction tries this again.
    }
  }

  #endLeftover(): void {
    if (this.#database.isTransaction) this.#run("ROLLBACK");
  }

  /** Notes why the store does not work; undefined when the failure is a bug and no fault of its surroundings. */
  #unavailable(cause: unknown): ServiceError | undefined {
    const fault = findFault(cause);
    if (fault === undefined) return undefined;
    if (this.#fault?.lasting !== true) this.#fault = fault;
    return ServiceError.of("StoreUnavailable", { reason: fault.reason }, cause);
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
