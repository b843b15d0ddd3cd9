import { sql } from "kysely";
import type { Migration } from "./migrate.ts";

/** What the Vault API keeps: its records, the settings of its mounts, and the facts of its own tokens. */
export const vault: Migration = {
  name: "0008-vault",
  async up(db, { text, integer, bytes, tableEnd }) {
    const add = async (statement: ReturnType<typeof sql>) => void (await statement.execute(db));
    await add(sql`create table vault_entries (
      area ${text} not null, name ${text} not null, wrapping_key_id ${text} not null, wrapped_value ${bytes} not null,
      expires_at_ms ${integer}, revision ${integer} not null,
      constraint vault_entries_pk primary key (area, name)) ${tableEnd}`);
    await add(sql`create index vault_entries_by_wrapping_key on vault_entries (wrapping_key_id, area, name)`);
    await add(sql`create index vault_entries_by_expiry on vault_entries (expires_at_ms, area, name)
      where expires_at_ms is not null`);
    await add(sql`alter table mounts add column config ${text} not null default '{}'`);
    await add(sql`alter table tokens add column parent_digest ${text}`);
    await add(sql`alter table tokens add column vault ${text}`);
    await add(sql`create index tokens_by_accessor on tokens (accessor, digest)`);
    await add(sql`create index tokens_by_parent on tokens (parent_digest, digest) where parent_digest is not null`);
    await add(sql`create index tokens_by_expiry on tokens (expires_at_ms, digest) where expires_at_ms is not null`);
  },
};
