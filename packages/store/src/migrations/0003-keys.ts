import type { Migration } from "./migrate.ts";

const keyTexts = ["multi_region", "custom_key_store_id", "xks_key_id", "imported_material_id", "policy_principals"];
const keyIntegers = ["material_expires_at_ms", "pending_version"];

/** Multi-Region keys, imported material and external key stores. */
export const keys: Migration = {
  name: "0003-keys",
  async up(db, types) {
    for (const column of keyTexts) await db.schema.alterTable("keys").addColumn(column, types.text).execute();
    for (const column of keyIntegers) await db.schema.alterTable("keys").addColumn(column, types.integer).execute();
    await db.schema.alterTable("key_versions").addColumn("expires_at_ms", types.integer).execute();
    await db.schema.alterTable("key_versions").addColumn("material_description", types.text).execute();
  },
};
