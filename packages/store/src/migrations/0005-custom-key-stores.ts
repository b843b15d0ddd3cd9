import type { CreateTableBuilder } from "kysely";
import type { Migration } from "./migrate.ts";

const texts = [
  "account",
  "region",
  "custom_key_store_id",
  "name",
  "uri_endpoint",
  "uri_path",
  "access_key_id",
  "wrapping_key_id",
  "state",
];

/** Custom key stores, and which keys are in each. */
export const customKeyStores: Migration = {
  name: "0005-custom-key-stores",
  async up(db, types) {
    let table: CreateTableBuilder<string, string> = db.schema.createTable("custom_key_stores");
    for (const column of texts) table = table.addColumn(column, types.text, (made) => made.notNull());
    await table
      .addColumn("wrapped_secret", types.bytes, (made) => made.notNull())
      .addColumn("connection_error", types.text)
      .addColumn("created_at_ms", types.integer, (made) => made.notNull())
      .addColumn("revision", types.integer, (made) => made.notNull())
      .addPrimaryKeyConstraint("custom_key_stores_pk", ["account", "region", "custom_key_store_id"])
      .modifyEnd(types.tableEnd)
      .execute();
    await db.schema
      .createIndex("custom_key_stores_by_wrapping_key")
      .on("custom_key_stores")
      .columns(["wrapping_key_id", "account", "region", "custom_key_store_id"])
      .execute();
    // Few keys are in a custom key store: the index holds those only.
    await db.schema
      .createIndex("keys_by_custom_key_store")
      .on("keys")
      .columns(["region", "custom_key_store_id", "xks_key_id", "key_id"])
      .where("custom_key_store_id", "is not", null)
      .execute();
  },
};
