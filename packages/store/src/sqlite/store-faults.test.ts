import assert from "node:assert/strict";
import { mkdtemp, open, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, it } from "node:test";
import { ServiceError, type Store, type Write } from "@coffer/service";
import { findFault } from "./failures.ts";
import { makeStore, openSqliteDatabase } from "./open.ts";

const pageBytes = 4096;
const full = "The disk that holds the database is full.";
const damaged = "The database is damaged. Stop the server and restore a backup.";

/** SQLite's result codes (SQLite: Result and Error Codes) and what is said of them. */
const codes: readonly (readonly [string, number, RegExp | undefined])[] = [
  ["SQLITE_FULL", 13, /is full/],
  ["SQLITE_READONLY", 8, /is read-only/],
  ["SQLITE_READONLY_DBMOVED", 1032, /gone or was moved/],
  ["SQLITE_IOERR_FSYNC", 1034, /input\/output error/],
  ["SQLITE_BUSY", 5, /Another process/],
  ["SQLITE_BUSY_SNAPSHOT", 517, /Another process/],
  ["SQLITE_LOCKED", 6, /Another process/],
  ["SQLITE_CORRUPT", 11, /is damaged/],
  ["SQLITE_CORRUPT_INDEX", 779, /is damaged/],
  ["SQLITE_NOTADB", 26, /is damaged/],
  ["SQLITE_CANTOPEN", 14, /cannot be opened/],
  ["SQLITE_CONSTRAINT_FOREIGNKEY", 787, undefined],
  ["SQLITE_ERROR", 1, undefined],
];

describe("a store whose disk, file or lock fails", () => {
  let directory: string;
  let path: string;
  let database: DatabaseSync;
  let store: Store;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "coffer-store-faults-"));
    path = join(directory, "coffer.db");
    database = await openSqliteDatabase({ path, durability: "os", exclusive: true });
    store = makeStore(database);
  });
  afterEach(async () => {
    await store.close().catch(() => {});
    await rm(directory, { recursive: true });
  });

  function insert(name: string, bytes = 1): Write {
    return { op: "insert", table: "settings", row: { name, value: "v".repeat(bytes), revision: 1 } };
  }

  async function unavailable(outcome: Promise<unknown>, reason: string): Promise<void> {
    await assert.rejects(outcome, (error: unknown) => {
      assert.ok(error instanceof ServiceError, String(error));
      assert.deepEqual(error.detail, { code: "StoreUnavailable", params: { reason } });
      assert.ok(error.cause instanceof Error);
      return true;
    });
  }

  /** Lets the database grow no further, as a full disk does. */
  function fill(): void {
    const pages = Number(database.prepare("PRAGMA page_count").get()?.["page_count"]);
    database.exec(`PRAGMA max_page_count = ${pages}`);
  }

  for (const [name, errcode, words] of codes) {
    it(`${name} ${words === undefined ? "is a bug" : "is told as such"}`, () => {
      const fault = findFault(Object.assign(new Error(name), { errcode }));
      if (words === undefined) assert.equal(fault, undefined);
      else assert.match(fault?.reason ?? "", words);
    });
  }

  it("says that the disk is full, to each commit and in its health, and reads on", async () => {
    await store.commit([insert("before")]);
    fill();
    await Promise.all(["a", "b"].map((name) => unavailable(store.commit([insert(name, 100_000)]), full)));
    assert.deepEqual(store.health(), { ok: false, reason: full });
    assert.equal((await store.get("settings", { name: "before" }))?.value, "v");
    assert.equal(await store.get("settings", { name: "a" }), undefined);
  });

  it("is well again after a commit that works, and after a probe that does", async () => {
    for (const heal of [() => store.commit([insert("after")]), () => store.probe()]) {
      fill();
      await unavailable(store.commit([insert("a", 100_000)]), full);
      database.exec("PRAGMA max_page_count = 4294967294");
      assert.equal(store.health().ok, false);
      await heal();
      assert.deepEqual(store.health(), { ok: true });
    }
    assert.deepEqual((await readdir(directory)).sort(), ["coffer.db", "coffer.db-wal"]);
  });

  it("a probe that fails leaves it unwell, and the next commit works all the same", async () => {
    await store.commit([insert("before")]);
    database.exec("PRAGMA query_only = ON");
    await unavailable(store.commit([insert("a")]), "The disk that holds the database is read-only.");
    await store.probe();
    assert.equal(store.health().ok, false);
    database.exec("PRAGMA query_only = OFF");
    await store.commit([insert("a")]);
    assert.equal(store.health().ok, true);
  });

  it("a damaged file stays told until the server starts anew, whatever works meanwhile", async () => {
    const found = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_mounts_1'").get();
    await store.close();
    const file = await open(path, "r+");
    await file.write(Buffer.alloc(pageBytes, 0xee), 0, pageBytes, (Number(found?.["rootpage"]) - 1) * pageBytes);
    await file.close();
    database = await openSqliteDatabase({ path, durability: "os", exclusive: true });
    store = makeStore(database);
    await unavailable(store.listMounts(undefined, 10), damaged);
    await store.commit([insert("works")]);
    await store.probe();
    assert.deepEqual(store.health(), { ok: false, reason: damaged });
  });
});
