import type { Migration } from "./migrate.ts";

/** Grants of keys. */
export const grants: Migration = {
  name: "0007-grants",
  async up(db, types) {
    await db.schema
      .createTable("grants")
      .addColumn("region", types.text, (column) => column.notNull())
      .addColumn("key_id", types.text, (column) => column.notNull())
      .addColumn("grantee", types.text, (column) => column.notNull())
      .addColumn("grant_id", types.text, (column) => column.notNull())
      .addColumn("grantee_id", types.text)
      .addColumn("retiring", types.text)
      .addColumn("retiring_id", types.text)
      .addColumn("operations", types.text, (column) => column.notNull())
      .addColumn("constraints", types.text, (column) => column.notNull())
      .addColumn("issuing_account", types.text, (column) => column.notNull())
      .addColumn("name", types.text)
      .addColumn("name_digest", types.text)
      .addColumn("created_at_ms", types.integer, (column) => column.notNull())
      .addColumn("revision", types.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("grants_pk", ["region", "key_id", "grantee", "grant_id"])
      .modifyEnd(types.tableEnd)
      .execute();
    await db.schema.createIndex("grants_by_key").on("grants").columns(["region", "key_id", "grant_id"]).execute();
    await db.schema
      .createIndex("grants_by_retiring")
      .on("grants")
      .columns(["region", "retiring", "grant_id"])
      .where("retiring", "is not", null)
      .execute();
    await db.schema
      .createTable("grant_names")
      .addColumn("region", types.text, (column) => column.notNull())
      .addColumn("key_id", types.text, (column) => column.notNull())
      .addColumn("name_digest", types.text, (column) => column.notNull())
      .addColumn("grant_id", types.text, (column) => column.notNull())
      .addColumn("revision", types.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("grant_names_pk", ["region", "key_id", "name_digest"])
      .modifyEnd(types.tableEnd)
      .execute();
  },
};
