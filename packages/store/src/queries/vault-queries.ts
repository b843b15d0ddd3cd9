import type { Kysely } from "kysely";
import type { Database } from "../schema/tables.ts";
import { compileQuery } from "./query.ts";

interface Page {
  readonly limit: number;
}

/** Compiles the queries for tokens and records of the Vault API; see `compilePageQueries`. */
export function compileVaultQueries(db: Kysely<Database>) {
  return {
    findTokenByAccessor: compileQuery<Page & { accessor: string }>((argument) =>
      db.selectFrom("tokens").selectAll().where("accessor", "=", argument("accessor")).limit(argument("limit")),
    ),
    listTokensByAccessor: compileQuery<Page & { after: string }>((argument) =>
      db
        .selectFrom("tokens")
        .selectAll()
        .where("accessor", ">", argument("after"))
        .orderBy("accessor")
        .limit(argument("limit")),
    ),
    findTokenByLease: compileQuery<Page & { leaseId: string }>((argument) =>
      db.selectFrom("tokens").selectAll().where("lease_id", "=", argument("leaseId")).limit(argument("limit")),
    ),
    listTokensByLease: compileQuery<Page & { after: string }>((argument) =>
      db
        .selectFrom("tokens")
        .selectAll()
        .where("lease_id", ">", argument("after"))
        .orderBy("lease_id")
        .limit(argument("limit")),
    ),
    listChildTokens: compileQuery<Page & { parentDigest: string; after: string }>((argument) =>
      db
        .selectFrom("tokens")
        .selectAll()
        .where("parent_digest", "=", argument("parentDigest"))
        .where("digest", ">", argument("after"))
        .orderBy("digest")
        .limit(argument("limit")),
    ),
    listExpiredTokens: compileQuery<Page & { atMs: number }>((argument) =>
      db
        .selectFrom("tokens")
        .selectAll()
        .where("expires_at_ms", "<=", argument("atMs"))
        .orderBy("expires_at_ms")
        .limit(argument("limit")),
    ),
    listVaultEntries: compileQuery<Page & { area: string; after: string }>((argument) =>
      db
        .selectFrom("vault_entries")
        .selectAll()
        .where("area", "=", argument("area"))
        .where("name", ">", argument("after"))
        .orderBy("name")
        .limit(argument("limit")),
    ),
    listVaultEntriesUnder: compileQuery<Page & { from: string; below: string }>((argument) =>
      db
        .selectFrom("vault_entries")
        .selectAll()
        .where("area", ">=", argument("from"))
        .where("area", "<", argument("below"))
        .orderBy("area")
        .orderBy("name")
        .limit(argument("limit")),
    ),
    listExpiredVaultEntries: compileQuery<Page & { atMs: number }>((argument) =>
      db
        .selectFrom("vault_entries")
        .selectAll()
        .where("expires_at_ms", "<=", argument("atMs"))
        .orderBy("expires_at_ms")
        .limit(argument("limit")),
    ),
    listVaultEntriesWrappedBy: compileQuery<Page & { wrappingKeyId: string }>((argument) =>
      db
        .selectFrom("vault_entries")
        .selectAll()
        .where("wrapping_key_id", "=", argument("wrappingKeyId"))
        .limit(argument("limit")),
    ),
  };
}
