import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { type Store, StoreConflict, type Write } from "@coffer/service";
import { makeStore, openSqliteDatabase } from "./open.ts";

let directory = "";
let count = 0;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "coffer-engine-"));
});
after(() => rm(directory, { recursive: true, force: true }));

async function withDatabase(use: (store: Store, database: DatabaseSync, path: string) => Promise<void>): Promise<void> {
  const path = join(directory, `${count++}.db`);
  const database = await openSqliteDatabase({ path, durability: "disk", exclusive: true });
  const store = makeStore(database);
  try {
    await use(store, database, path);
  } finally {
    await store.close();
  }
}

function insert(name: string, value = "v"): Write {
  return { op: "insert", table: "settings", row: { name, value, revision: 1 } };
}

/** Pages that the write-ahead log holds. Each transaction appends every page that it changed. */
function loggedPages(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA wal_checkpoint(PASSIVE)").get()?.["log"]);
}

async function plainFailure(outcome: Promise<void>, message = "the database could not commit"): Promise<void> {
  await assert.rejects(outcome, (error: Error) => {
    assert.ok(!(error instanceof StoreConflict));
    assert.equal(error.message, message);
    assert.ok(error.cause instanceof Error);
    return true;
  });
}

describe("group commit", () => {
  it("writes the commits of one turn as one transaction", () =>
    withDatabase(async (store, database) => {
      database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      await Promise.all(Array.from({ length: 200 }, (_, index) => store.commit([insert(`grouped-${index}`)])));
      const grouped = loggedPages(database);
      database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      for (let index = 0; index < 200; index++) await store.commit([insert(`single-${index}`)]);
      const single = loggedPages(database);
      assert.ok(single >= 200, `${single} pages for 200 transactions`);
      assert.ok(grouped < 20, `${grouped} pages for one transaction`);
    }));
  it("shows a commit to nobody before it is durable", () =>
    withDatabase(async (store) => {
      const committed = store.commit([insert("a")]);
      assert.equal(await store.get("settings", { name: "a" }), undefined);
      await committed;
      assert.equal((await store.get("settings", { name: "a" }))?.value, "v");
    }));
  it("rejects the whole group when COMMIT fails, changes nothing and goes on", () =>
    withDatabase(async (store, database) => {
      // A deferred constraint fails in COMMIT itself, when all statements have succeeded.
      database.exec(`
        CREATE TABLE parent (name TEXT PRIMARY KEY) STRICT;
        CREATE TABLE child (name TEXT REFERENCES parent DEFERRABLE INITIALLY DEFERRED) STRICT;
        CREATE TRIGGER poison AFTER INSERT ON settings WHEN new.name = 'poison'
          BEGIN INSERT INTO child VALUES ('no parent'); END;
      `);
      await store.commit([insert("before")]);
      const group = [[insert("a")], [insert("poison")], [insert("before")], [insert("b")]];
      const outcomes = group.map((writes) => store.commit(writes));
      await Promise.all(outcomes.map((outcome) => plainFailure(outcome)));
      for (const name of ["a", "poison", "b"]) assert.equal(await store.get("settings", { name }), undefined);
      await store.commit([insert("a")]);
      assert.equal((await store.get("settings", { name: "a" }))?.value, "v");
      assert.equal((await store.get("settings", { name: "before" }))?.value, "v");
    }));
  it("rejects the whole group when the disk is full, changes nothing and goes on once there is room", () =>
    withDatabase(async (store, database) => {
      const pages = Number(database.prepare("PRAGMA page_count").get()?.["page_count"]);
      database.exec(`PRAGMA max_page_count = ${pages + 2}`);
      const outcomes = [
        store.commit([insert("small")]),
        store.commit([insert("also small"), insert("large", "x".repeat(100_000))]),
      ];
      await Promise.all(outcomes.map((outcome) => plainFailure(outcome, "StoreUnavailable")));
      for (const name of ["small", "also small", "large"]) {
        assert.equal(await store.get("settings", { name }), undefined);
      }
      database.exec("PRAGMA max_page_count = 100000");
      await store.commit([insert("large", "x".repeat(100_000))]);
      assert.equal((await store.get("settings", { name: "large" }))?.value.length, 100_000);
      assert.equal(database.prepare("PRAGMA integrity_check").get()?.["integrity_check"], "ok");
    }));
});

describe("deleted key material", () => {
  it("is in no file of the database once the deletion is answered", () =>
    withDatabase(async (store, _database, path) => {
      const wrappedMaterial = Buffer.from("wrapped material that has to go away");
      const key = { region: "r", keyId: "k", version: 1 };
      const version = { materialId: "m", wrappingKeyId: "w", createdAtMs: 1, revision: 1 };
      await store.commit([{ op: "insert", table: "keyVersions", row: { ...key, ...version, wrappedMaterial } }]);
      const filesWithIt = async () => {
        const names = (await readdir(directory)).filter((name) => join(directory, name).startsWith(path));
        const contents = await Promise.all(names.map((name) => readFile(join(directory, name))));
        return contents.filter((content) => content.includes(wrappedMaterial)).length;
      };
      assert.notEqual(await filesWithIt(), 0);
      await store.commit([{ op: "delete", table: "keyVersions", key, revision: "any" }]);
      assert.equal(await filesWithIt(), 0);
    }));
  it("is in no file either when it had moved from the log into the database before", () =>
    withDatabase(async (store, database, path) => {
      const wrappedKey = Buffer.from("wrapping key that has to go away");
      const row = { wrappingKeyId: "w", wrappedKey, createdAtMs: 1, revision: 1 };
      await store.commit([{ op: "insert", table: "wrappingKeys", row }]);
      database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      assert.ok((await readFile(path)).includes(wrappedKey));
      await store.commit([{ op: "delete", table: "wrappingKeys", key: { wrappingKeyId: "w" }, revision: 1 }]);
      assert.ok(!(await readFile(path)).includes(wrappedKey));
    }));
});
