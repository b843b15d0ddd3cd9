import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Kysely } from "kysely";
import { describeTable, tableNames } from "../schema/row.ts";
import { nodeSqliteDialect } from "../sqlite/dialect.ts";
import { sqliteColumnTypes } from "./column-types.ts";
import { migrations } from "./index.ts";
import { type AnySchema, type Migration, migrate } from "./migrate.ts";

let database: DatabaseSync;
let db: Kysely<AnySchema>;

beforeEach(() => {
  database = new DatabaseSync(":memory:");
  db = new Kysely({ dialect: nodeSqliteDialect(database) });
});
afterEach(() => database.close());

function makeTable(name: string): Migration {
  return { name, up: (schema) => schema.schema.createTable(name).addColumn("a", "text").execute() };
}

const failing: Migration = {
  name: "0002-failing",
  async up(schema) {
    await schema.schema.createTable("half").addColumn("a", "text").execute();
    throw new Error("stopped half-way");
  },
};

function run(steps: readonly Migration[], onMigration?: (name: string) => void) {
  return migrate({ db, types: sqliteColumnTypes, migrations: steps, onMigration });
}

function tablesOf(): readonly unknown[] {
  return database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .all()
    .map(({ name }) => name);
}

describe("migrating", () => {
  it("applies the steps that are missing, in order, once", async () => {
    const told: string[] = [];
    const [first, second, third] = ["0001-a", "0002-b", "0003-c"].map(makeTable) as [Migration, Migration, Migration];
    await run([first], (name) => told.push(name));
    await run([first, second, third], (name) => told.push(name));
    await run([first, second, third], (name) => told.push(name));
    assert.deepEqual(told, ["0001-a", "0002-b", "0003-c"]);
    assert.deepEqual(tablesOf(), ["0001-a", "0002-b", "0003-c", "migrations"]);
  });
  it("leaves nothing of a step that fails, keeps those before it and can be run again", async () => {
    await assert.rejects(run([makeTable("0001-a"), failing, makeTable("0003-c")]), /half-way/);
    assert.deepEqual(tablesOf(), ["0001-a", "migrations"]);
    await run([makeTable("0001-a"), makeTable("0002-b")]);
    assert.deepEqual(tablesOf(), ["0001-a", "0002-b", "migrations"]);
  });
  it("names a step that it does not know, before it changes anything", async () => {
    await run([makeTable("0001-a"), makeTable("0003-later")]);
    assert.deepEqual(await run([makeTable("0001-a"), makeTable("0002-b")]), { unknown: "0003-later" });
    assert.deepEqual(tablesOf(), ["0001-a", "0003-later", "migrations"]);
  });
});

describe("the migrations", () => {
  it("are numbered, each once, in order", () => {
    const names = migrations.map(({ name }) => name);
    for (const name of names) assert.match(name, /^\d{4}-[a-z0-9-]+$/);
    const numbers = names.map((name) => Number(name.slice(0, 4)));
    assert.deepEqual(
      numbers,
      [...new Set(numbers)].sort((a, b) => a - b),
    );
  });
  it("end in the schema that the code reads and writes", async () => {
    await run(migrations);
    for (const table of tableNames) {
      const { name, columns, keyColumns } = describeTable(table);
      const stored = database.prepare(`PRAGMA table_info(${name})`).all();
      const shape = new Map(stored.map((column) => [column["name"], column["notnull"] === 0]));
      assert.deepEqual(shape, new Map(columns.map(({ codec }) => [codec.name, codec.optional])), table);
      const keys = stored.filter((column) => column["pk"] !== 0).sort((a, b) => Number(a["pk"]) - Number(b["pk"]));
      assert.deepEqual(
        keys.map((column) => column["name"]),
        keyColumns.map(({ codec }) => codec.name),
        table,
      );
      assert.match(
        String(database.prepare("SELECT sql FROM sqlite_schema WHERE name = ?").get(name)?.["sql"]),
        /strict$/i,
      );
    }
  });
});
