import type { Kysely, Transaction } from "kysely";
import type { ColumnTypes } from "./column-types.ts";

/** A schema of which no types are known: what a migration finds is what older code left. */
export type AnySchema = Record<string, Record<string, unknown>>;

/** One forward step of the schema. Once released it is never changed: a later step corrects it. */
export interface Migration {
  /** `NNNN-words`, as its file is called. */
  readonly name: string;
  /** Changes the schema; runs in a transaction of its own. */
  up(db: Kysely<AnySchema>, types: ColumnTypes): Promise<void>;
}

/** The schema of the migration runner's own table. */
interface MigrationsDatabase {
  migrations: { name: string };
}

export interface MigrateOptions {
  readonly db: Kysely<AnySchema>;
  readonly types: ColumnTypes;
  /** All steps that the code knows, in order. */
  readonly migrations: readonly Migration[];
  /** Told the name of each step that was applied. */
  readonly onMigration?: ((name: string) => void) | undefined;
}

/**
 * Brings a database to the newest schema. A step and the note that it was made are one transaction, so a crash leaves
 * a database between two steps, never inside one.
 *
 * @returns the name of a step that the code does not know, when a newer version wrote the database: nothing was changed
 */
export async function migrate(options: MigrateOptions): Promise<{ readonly unknown?: string }> {
  const { types, migrations, onMigration } = options;
  const db = options.db as unknown as Kysely<MigrationsDatabase>;
  const known = new Set(migrations.map(({ name }) => name));
  const applied = await db.transaction().execute(async (transaction) => {
    await transaction.schema
      .createTable("migrations")
      .ifNotExists()
      .addColumn("name", types.text, (column) => column.notNull().primaryKey())
      .execute();
    return appliedNames(transaction);
  });
  for (const name of applied) {
    if (!known.has(name)) return { unknown: name };
  }
  for (const { name, up } of migrations) {
    if (applied.has(name)) continue;
    const made = await db.transaction().execute(async (transaction) => {
      // Another node on the same database may have been faster.
      if ((await appliedNames(transaction)).has(name)) return false;
      await up(transaction as unknown as Kysely<AnySchema>, types);
      await transaction.insertInto("migrations").values({ name }).execute();
      return true;
    });
    if (made) onMigration?.(name);
  }
  return {};
}

async function appliedNames(transaction: Transaction<MigrationsDatabase>): Promise<ReadonlySet<string>> {
  const rows = await transaction.selectFrom("migrations").select("name").orderBy("name").execute();
  return new Set(rows.map(({ name }) => name));
}
