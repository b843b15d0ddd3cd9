import { sql } from "kysely";
import type { Migration } from "./migrate.ts";

/** What Transit keeps with a key version: the key of its HMACs, and certificates. */
export const transit: Migration = {
  name: "0009-transit",
  async up(db, { text, bytes }) {
    await sql`alter table key_versions add column wrapped_hmac_key ${bytes}`.execute(db);
    await sql`alter table key_versions add column certificate_chain ${text}`.execute(db);
  },
};
