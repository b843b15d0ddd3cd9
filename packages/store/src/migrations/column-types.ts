import { type RawBuilder, sql } from "kysely";

/** A database's names for the types that the schema uses. */
export interface ColumnTypes {
  /** Text in UTF-8, compared by bytes. */
  readonly text: RawBuilder<unknown>;
  /** A signed 64-bit integer. */
  readonly integer: RawBuilder<unknown>;
  readonly bytes: RawBuilder<unknown>;
  /** What follows the column list of a table. */
  readonly tableEnd: RawBuilder<unknown>;
}

/** SQLite: text compares by bytes unless told otherwise; `STRICT` tables refuse a value of another type. */
export const sqliteColumnTypes: ColumnTypes = {
  text: sql`text`,
  integer: sql`integer`,
  bytes: sql`blob`,
  tableEnd: sql`strict`,
};
