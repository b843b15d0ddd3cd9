import { invariant, type TableName, type Write } from "@coffer/service";
import type { Kysely } from "kysely";
import type { SqlValue } from "../schema/column.ts";
import { describeTable, encodeKey, encodeRecord, type Row, tableNames } from "../schema/row.ts";
import type { Database } from "../schema/tables.ts";
import { compileQuery, type Query } from "./query.ts";

/** The queries by primary key that every table has. Arguments are columns by name, and `expected_revision`. */
export interface TableQueries {
  readonly get: Query<Row>;
  readonly insert: Query<Row>;
  readonly update: Query<Row>;
  readonly delete: Query<Row>;
  readonly deleteRevision: Query<Row>;
}

/** A write ready to run: one statement, and what it means when it changed no row. */
export interface EncodedWrite {
  readonly table: TableName;
  readonly query: Query<Row>;
  readonly args: Row;
  /** Absent when a write that changes nothing is no conflict. */
  readonly conflict?: "exists" | "stale";
  /** Whether bytes of the row must not linger in a journal once this is committed. */
  readonly erases: boolean;
}

/** Compiles the primary-key queries of every table. */
export function compileTableQueries(db: Kysely<Database>): ReadonlyMap<TableName, TableQueries> {
  return new Map(tableNames.map((table) => [table, compileTable(db, table)]));
}

function compileTable(typed: Kysely<Database>, table: TableName): TableQueries {
  const db = typed as unknown as Kysely<Record<string, Record<string, SqlValue>>>;
  const { name, columns, keyColumns } = describeTable(table);
  const keyNames = keyColumns.map(({ codec }) => codec.name);
  const names = columns.map(({ codec }) => codec.name);
  return {
    get: compileQuery<Row>((argument) =>
      db
        .selectFrom(name)
        .selectAll()
        .where((row) => row.and(keyNames.map((key) => row(key, "=", argument(key))))),
    ),
    insert: compileQuery<Row>((argument) =>
      db
        .insertInto(name)
        .values(Object.fromEntries(names.map((column) => [column, argument(column)])))
        .onConflict((conflict) => conflict.doNothing()),
    ),
    update: compileQuery<Row>((argument) =>
      db
        .updateTable(name)
        .set(
          Object.fromEntries(
            names.filter((column) => !keyNames.includes(column)).map((column) => [column, argument(column)]),
          ),
        )
        .where((row) => row.and(keyNames.map((key) => row(key, "=", argument(key)))))
        .where("revision", "=", argument("expected_revision")),
    ),
    delete: compileQuery<Row>((argument) =>
      db.deleteFrom(name).where((row) => row.and(keyNames.map((key) => row(key, "=", argument(key))))),
    ),
    deleteRevision: compileQuery<Row>((argument) =>
      db
        .deleteFrom(name)
        .where((row) => row.and(keyNames.map((key) => row(key, "=", argument(key)))))
        .where("revision", "=", argument("expected_revision")),
    ),
  };
}

/**
 * Turns a write of the port into a statement with its values. The values are copies.
 *
 * @throws InvariantError for an insert whose revision is not 1, or a row with a member of a wrong type
 */
export function encodeWrite(queries: ReadonlyMap<TableName, TableQueries>, write: Write): EncodedWrite {
  const { table } = write;
  const { holdsSecrets } = describeTable(table);
  const own = queries.get(table);
  invariant(own !== undefined, "a table of the port has queries");
  if (write.op === "insert") {
    invariant(write.row.revision === 1, "an inserted row has revision 1");
    return { table, query: own.insert, args: encodeRecord(table, write.row), conflict: "exists", erases: false };
  }
  if (write.op === "update") {
    const args = { ...encodeRecord(table, write.row), expected_revision: write.row.revision - 1 };
    return { table, query: own.update, args, conflict: "stale", erases: false };
  }
  const key = encodeKey(table, write.key);
  if (write.revision === "any") return { table, query: own.delete, args: key, erases: holdsSecrets };
  const args = { ...key, expected_revision: write.revision };
  return { table, query: own.deleteRevision, args, conflict: "stale", erases: holdsSecrets };
}
