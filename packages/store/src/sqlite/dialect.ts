import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  SqliteAdapter,
  SqliteDialect,
  SqliteDriver,
  type SqliteStatement,
} from "kysely";

/** Kysely's SQLite driver, but a transaction takes the write lock when it begins: what it read stays true until it ends. */
class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }
}

/** Kysely's dialect over an open `node:sqlite` database. Destroying the Kysely instance leaves the database open. */
export function nodeSqliteDialect(database: DatabaseSync): Dialect {
  const config = { database: { prepare: (text: string) => prepare(database, text), close: () => undefined } };
  const sqlite = new SqliteDialect(config);
  return {
    createDriver: () => new ImmediateDriver(config),
    createQueryCompiler: () => sqlite.createQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => sqlite.createIntrospector(db),
  };
}

function prepare(database: DatabaseSync, text: string): SqliteStatement {
  const statement = database.prepare(text);
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...(parameters as readonly SQLInputValue[])),
    run: (parameters) => statement.run(...(parameters as readonly SQLInputValue[])),
    iterate: (parameters) => statement.iterate(...(parameters as readonly SQLInputValue[])),
  };
}
