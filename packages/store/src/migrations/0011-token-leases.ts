import { sql } from "kysely";
import type { Migration } from "./migrate.ts";

/** Leases of tokens that the Vault API made. */
export const tokenLeases: Migration = {
  name: "0011-token-leases",
  async up(db, { text }) {
    await sql`alter table tokens add column lease_id ${text}`.execute(db);
    await sql`create index tokens_by_lease on tokens (lease_id, digest) where lease_id is not null`.execute(db);
  },
};
