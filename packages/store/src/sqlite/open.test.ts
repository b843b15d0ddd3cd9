import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { StoreTooNew } from "../errors.ts";
import { migrations } from "../migrations/index.ts";
import { makeStore, openSqliteDatabase, openSqliteStore } from "./open.ts";

let directory = "";
let count = 0;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "coffer-open-"));
});
after(() => rm(directory, { recursive: true, force: true }));

function freshPath(): string {
  return join(directory, `${count++}.db`);
}

async function modes(path: string): Promise<readonly (string | undefined)[]> {
  const files = [path, `${path}-wal`, `${path}-shm`];
  return Promise.all(files.map(async (file) => ((await stat(file)).mode & 0o777).toString(8)));
}

const shared = { durability: "disk", exclusive: false } as const;

describe("the files of a SQLite store", () => {
  it("are private when made, whatever the umask", async () => {
    const path = freshPath();
    const mask = process.umask(0);
    try {
      const store = await openSqliteStore({ path, ...shared });
      await store.commit([{ op: "insert", table: "settings", row: { name: "a", value: "b", revision: 1 } }]);
      assert.deepEqual(await modes(path), ["600", "600", "600"]);
      await store.close();
    } finally {
      process.umask(mask);
    }
  });
  it("are made private when they were not", async () => {
    const path = freshPath();
    await (await openSqliteStore({ path, ...shared })).close();
    await chmod(path, 0o666);
    const store = await openSqliteStore({ path, ...shared });
    assert.deepEqual(await modes(path), ["600", "600", "600"]);
    await store.close();
  });
  it("keep what was committed", async () => {
    const path = freshPath();
    const row = { name: "a", value: "b", revision: 1 };
    const first = await openSqliteStore({ path, ...shared });
    await first.commit([{ op: "insert", table: "settings", row }]);
    await first.close();
    const second = await openSqliteStore({ path, ...shared, exclusive: true });
    assert.deepEqual(await second.get("settings", { name: "a" }), row);
    await second.close();
  });
  it("take what was committed last when the store closed at once", async () => {
    const path = freshPath();
    const first = await openSqliteStore({ path, ...shared });
    const committed = first.commit([{ op: "insert", table: "settings", row: { name: "a", value: "b", revision: 1 } }]);
    await first.close();
    await committed;
    const second = await openSqliteStore({ path, ...shared });
    assert.equal((await second.get("settings", { name: "a" }))?.value, "b");
    await second.close();
  });
});

describe("the settings of a SQLite store", () => {
  const pragmas = ["journal_mode", "synchronous", "secure_delete", "foreign_keys", "locking_mode", "trusted_schema"];
  const read = (database: DatabaseSync) =>
    Object.fromEntries(pragmas.map((name) => [name, Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]]));
  const common = { journal_mode: "wal", secure_delete: 1, foreign_keys: 1, trusted_schema: 0 };

  it("sync every commit for durability on disk", async () => {
    const database = await openSqliteDatabase({ path: freshPath(), durability: "disk", exclusive: true });
    assert.deepEqual(read(database), { ...common, synchronous: 2, locking_mode: "exclusive" });
    database.close();
  });
  it("leave the commit's sync to the system for durability in it", async () => {
    const database = await openSqliteDatabase({ path: freshPath(), durability: "os", exclusive: false });
    assert.deepEqual(read(database), { ...common, synchronous: 1, locking_mode: "normal" });
    database.close();
  });
});

describe("opening a SQLite store", () => {
  it("tells of each migration once", async () => {
    const path = freshPath();
    const told: string[] = [];
    const onMigration = (name: string) => told.push(name);
    await (await openSqliteStore({ path, ...shared, onMigration })).close();
    await (await openSqliteStore({ path, ...shared, onMigration })).close();
    assert.deepEqual(
      told,
      migrations.map(({ name }) => name),
    );
  });
  it("refuses a database that a newer version migrated, and leaves it as it is", async () => {
    const path = freshPath();
    await (await openSqliteStore({ path, ...shared })).close();
    const database = new DatabaseSync(path);
    database.exec("INSERT INTO migrations VALUES ('9999-later')");
    database.close();
    await assert.rejects(openSqliteStore({ path, ...shared }), (error) => {
      assert.ok(error instanceof StoreTooNew);
      assert.deepEqual([error.path, error.migration], [path, "9999-later"]);
      assert.ok(error.message.includes(path) && error.message.includes("9999-later"));
      return true;
    });
    const again = new DatabaseSync(path);
    assert.equal(again.prepare("SELECT count(*) AS count FROM migrations").get()?.["count"], migrations.length + 1);
    again.close();
  });
  it("refuses a file that is no database, naming it", async () => {
    const path = freshPath();
    await writeFile(path, "no database ".repeat(1000));
    await assert.rejects(openSqliteStore({ path, ...shared }), (error: Error) => {
      assert.equal(error.message, `The file ${path} is not a SQLite database`);
      return true;
    });
  });
  it("says which directory is missing", async () => {
    const path = join(directory, "missing", "coffer.db");
    await assert.rejects(openSqliteStore({ path, ...shared }), { code: "ENOENT", message: new RegExp(path) });
  });
  it("takes a path that looks like a URL as a path", async () => {
    const here = process.cwd();
    process.chdir(directory);
    try {
      const store = await openSqliteStore({ path: "file:odd?mode=memory", ...shared });
      await store.close();
      assert.ok((await stat(join(directory, "file:odd?mode=memory"))).isFile());
    } finally {
      process.chdir(here);
    }
  });
});

describe("text", () => {
  it("holds no NUL character, which the core refuses before: other databases cannot store it", async () => {
    const store = makeStore(await openSqliteDatabase({ path: ":memory:", durability: "os", exclusive: true }));
    for (const row of [
      { name: "a\0b", value: "c", revision: 1 },
      { name: "a", value: "c\0d", revision: 1 },
    ]) {
      await assert.rejects(store.commit([{ op: "insert", table: "settings", row }]), /holds no U\+0000/);
    }
    await assert.rejects(store.get("settings", { name: "a\0b" }), /holds no U\+0000/);
    assert.equal(await store.get("settings", { name: "a" }), undefined);
    await store.close();
  });
});
