import type { Migration } from "./migrate.ts";

/** When each key was last used. */
export const keyUsage: Migration = {
  name: "0006-key-usage",
  async up(db, types) {
    await db.schema
      .createTable("key_usages")
      .addColumn("region", types.text, (column) => column.notNull())
      .addColumn("key_id", types.text, (column) => column.notNull())
      .addColumn("operation", types.text, (column) => column.notNull())
      .addColumn("used_at_ms", types.integer, (column) => column.notNull())
      .addColumn("event_id", types.text, (column) => column.notNull())
      .addColumn("request_id", types.text, (column) => column.notNull())
      .addColumn("revision", types.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("key_usages_pk", ["region", "key_id"])
      .modifyEnd(types.tableEnd)
      .execute();
  },
};
