import { invariant, type TableKeys, type TableName, type Tables } from "@coffer/service";
import type { Column, SqlValue } from "./column.ts";
import { tables } from "./tables.ts";

/** A row as a database gives and takes it: column name to value. */
export type Row = Readonly<Record<string, SqlValue>>;

/** A table without the types of its rows, for code that treats all tables alike. */
export interface AnyTable {
  readonly name: string;
  readonly holdsSecrets: boolean;
  /** Columns of the primary key, in order. */
  readonly keyColumns: readonly AnyColumn[];
  /** All columns, those of the primary key among them. */
  readonly columns: readonly AnyColumn[];
}

/** A column with the record's member that it keeps. */
export interface AnyColumn {
  readonly member: string;
  readonly codec: Column<string, SqlValue, unknown>;
}

function anyTable(table: TableName): AnyTable {
  const { name, holdsSecrets, key, columns } = tables[table];
  const all = Object.entries<Column<string, SqlValue, unknown>>(columns).map(([member, codec]) => ({ member, codec }));
  const keyColumns = key.map((member) => {
    const column = all.find((candidate) => candidate.member === member);
    invariant(column !== undefined, "a member of a primary key has a column");
    return column;
  });
  return { name, holdsSecrets, keyColumns, columns: all };
}

const anyTables: ReadonlyMap<TableName, AnyTable> = new Map(
  (Object.keys(tables) as TableName[]).map((table) => [table, anyTable(table)]),
);

/** The names of all tables. */
export const tableNames: readonly TableName[] = [...anyTables.keys()];

/** The columns of a table. */
export function describeTable(table: TableName): AnyTable {
  const found = anyTables.get(table);
  invariant(found !== undefined, "a table of the port has columns");
  return found;
}

/**
 * A record as its row.
 *
 * @throws InvariantError when a member is missing or of another type
 */
export function encodeRecord<T extends TableName>(table: T, record: Tables[T]): Row {
  return encodeMembers(describeTable(table).columns, record);
}

/** A primary key as its columns. */
export function encodeKey<T extends TableName>(table: T, key: TableKeys[T]): Row {
  return encodeMembers(describeTable(table).keyColumns, key);
}

/** A row as its record; members of null columns are absent. */
export function decodeRecord<T extends TableName>(table: T, row: Row): Tables[T] {
  const record: Record<string, unknown> = {};
  for (const { member, codec } of describeTable(table).columns) {
    const stored = row[codec.name];
    invariant(stored !== undefined, "a row has every column of its table");
    if (stored !== null || !codec.optional) record[member] = codec.decode(stored);
  }
  return record as unknown as Tables[T];
}

function encodeMembers(columns: readonly AnyColumn[], members: object): Row {
  const row: Record<string, SqlValue> = {};
  for (const { member, codec } of columns) {
    const value = (members as Readonly<Record<string, unknown>>)[member];
    row[codec.name] = codec.optional && value === undefined ? null : codec.encode(value);
  }
  return row;
}
