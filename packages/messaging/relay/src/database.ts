import { DatabaseSync, type StatementSync } from "node:sqlite";

type Value = string | number | Uint8Array | null;

// One step for each version of the schema; `user_version` counts them.
const steps: readonly string[] = [
  `create table settings (name text primary key, value blob not null) without rowid;
   create table users (user blob primary key, version integer not null, leaf integer not null, reset integer not null,
     sealed blob not null) without rowid;
   create table devices (
     device blob primary key, user blob not null, next_seq integer not null, vault_version integer not null,
     mailbox_messages integer not null, mailbox_bytes integer not null, blob_bytes integer not null,
     sealed blob not null, details blob
   ) without rowid;
   create index devices_of_user on devices (user);
   create table tokens (hash blob primary key, device blob not null, expires_ms integer not null) without rowid;
   create index tokens_of_device on tokens (device);
   create table key_sets (device blob not null, name blob not null, sealed_name blob not null, last_resort blob,
     primary key (device, name)) without rowid;
   create table one_time_keys (id integer primary key, device blob not null, name blob not null, key blob not null, sealed blob);
   create unique index one_time_keys_once on one_time_keys (device, name, key);
   create index one_time_keys_left on one_time_keys (device, name, id) where sealed is not null;
   create table bodies (id integer primary key, readers integer not null, sealed blob not null);
   create table messages (device blob not null, seq integer not null, received_ms integer not null, bytes integer not null,
     body integer, sealed blob not null, primary key (device, seq)) without rowid;
   create index messages_by_time on messages (received_ms);
   create table sent (sender blob not null, recipient blob not null, message blob not null, sent_ms integer not null,
     primary key (sender, recipient, message)) without rowid;
   create index sent_by_time on sent (sent_ms);
   create table groups (grp blob primary key, epoch integer not null, sealed blob not null) without rowid;
   create table commits (grp blob not null, epoch integer not null, sealed blob not null, primary key (grp, epoch)) without rowid;
   create table blobs (blob blob primary key, device blob not null, bytes integer not null, stored_ms integer not null) without rowid;
   create index blobs_by_time on blobs (stored_ms);
   create table blob_parts (blob blob not null, part integer not null, octets blob not null, primary key (blob, part)) without rowid;
   create table log_leaves (leaf integer primary key, entry blob not null, user blob not null);
   create index log_leaves_of_user on log_leaves (user, leaf);
   create table log_hashes (level integer not null, position integer not null, hash blob not null,
     primary key (level, position)) without rowid;`,
  "alter table devices add column incarnation blob not null default x''; create index blobs_of_device on blobs (device);",
];

interface Task {
  readonly run: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (cause: unknown) => void;
}

/**
 * The relay's tables in SQLite (WAL, full sync). Writes that come together are kept together: each runs in a savepoint of
 * its own, all become durable by one sync, and only then are they answered.
 */
export class Database {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #tasks: Task[] = [];
  #isClosed = false;

  /** Keeps the file to itself. @throws Error when another process has it, it is none of this version, or cannot be opened */
  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(
      "pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on",
    );
    this.#migrate();
  }

  #migrate(): void {
    const row = this.#database.prepare("pragma user_version").get() as { user_version: number };
    if (row.user_version > steps.length) throw new Error("The database was made by a newer version of the relay.");
    for (let version = row.user_version; version < steps.length; version++) {
      this.#database.exec(`begin immediate; ${steps[version]} pragma user_version = ${version + 1}; commit`);
    }
  }

  /** Rows of a query, at once. */
  all<Row>(sql: string, ...values: readonly Value[]): Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  /** The first row of a query; undefined when there is none. */
  get<Row>(sql: string, ...values: readonly Value[]): Row | undefined {
    return this.#prepare(sql).get(...values) as Row | undefined;
  }

  /** Changes rows; only within `write`. @returns how many were changed */
  run(sql: string, ...values: readonly Value[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  /**
   * Runs a task that changes rows, and waits until what it changed is durable. When it throws, nothing of it is kept and
   * the error passes through; other tasks of the same moment are not concerned.
   */
  write<T>(task: () => T): Promise<T> {
    if (this.#isClosed) return Promise.reject(new Error("The database is closed."));
    return new Promise<T>((resolve, reject) => {
      if (this.#tasks.length === 0) setImmediate(() => this.#flush());
      this.#tasks.push({ run: task, resolve: resolve as (value: unknown) => void, reject });
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#flush();
    this.#isClosed = true;
    this.#statements.clear();
    this.#database.close();
  }

  #flush(): void {
    const tasks = this.#tasks;
    this.#tasks = [];
    if (tasks.length === 0) return;
    const outcomes: (() => void)[] = [];
    try {
      this.#database.exec("begin immediate");
      for (const task of tasks) outcomes.push(this.#runTask(task));
      this.#database.exec("commit");
    } catch (cause) {
      try {
        this.#database.exec("rollback");
      } catch {
        // There was no transaction any more.
      }
      for (const { reject } of tasks) reject(cause);
      return;
    }
    for (const tell of outcomes) tell();
  }

  #runTask({ run, resolve, reject }: Task): () => void {
    this.#database.exec("savepoint task");
    try {
      const value = run();
      this.#database.exec("release task");
      return () => resolve(value);
    } catch (cause) {
      this.#database.exec("rollback to task; release task");
      return () => reject(cause);
    }
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
