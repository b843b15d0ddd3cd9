import type { Migration } from "./migrate.ts";

/** Audit records of changes, kept with the change until the trail has them. */
export const auditOutbox: Migration = {
  name: "0002-audit-outbox",
  async up(db, types) {
    await db.schema
      .createTable("audit_outbox")
      .addColumn("event_id", types.text, (column) => column.notNull())
      .addColumn("after_sequence", types.integer, (column) => column.notNull())
      .addColumn("event_json", types.text, (column) => column.notNull())
      .addColumn("revision", types.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("audit_outbox_pk", ["event_id"])
      .modifyEnd(types.tableEnd)
      .execute();
  },
};
