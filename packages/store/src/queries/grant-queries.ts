import type { Kysely } from "kysely";
import type { Database } from "../schema/tables.ts";
import { compileQuery } from "./query.ts";

interface GrantRange {
  readonly region: string;
  readonly after: string;
  readonly limit: number;
}

/** Compiles the queries that find grants. Grant ids are unique, so they alone are the cursor of every listing. */
export function compileGrantQueries(db: Kysely<Database>) {
  return {
    findGrant: compileQuery<{ region: string; keyId: string; grantId: string }>((argument) =>
      db
        .selectFrom("grants")
        .selectAll()
        .where("region", "=", argument("region"))
        .where("key_id", "=", argument("keyId"))
        .where("grant_id", "=", argument("grantId"))
        .limit(1),
    ),
    listGrants: compileQuery<GrantRange & { keyId: string }>((argument) =>
      db
        .selectFrom("grants")
        .selectAll()
        .where("region", "=", argument("region"))
        .where("key_id", "=", argument("keyId"))
        .where("grant_id", ">", argument("after"))
        .orderBy("grant_id")
        .limit(argument("limit")),
    ),
    grantAt: compileQuery<{ region: string; keyId: string; offset: number }>((argument) =>
      db
        .selectFrom("grants")
        .select("grant_id")
        .where("region", "=", argument("region"))
        .where("key_id", "=", argument("keyId"))
        .orderBy("grant_id")
        .limit(1)
        .offset(argument("offset")),
    ),
    listGranteeGrants: compileQuery<GrantRange & { keyId: string; grantee: string }>((argument) =>
      db
        .selectFrom("grants")
        .selectAll()
        .where("region", "=", argument("region"))
        .where("key_id", "=", argument("keyId"))
        .where("grantee", "=", argument("grantee"))
        .where("grant_id", ">", argument("after"))
        .orderBy("grant_id")
        .limit(argument("limit")),
    ),
    listRetirableGrants: compileQuery<GrantRange & { retiring: string }>((argument) =>
      db
        .selectFrom("grants")
        .selectAll()
        .where("region", "=", argument("region"))
        .where("retiring", "=", argument("retiring"))
        .where("grant_id", ">", argument("after"))
        .orderBy("grant_id")
        .limit(argument("limit")),
    ),
  };
}
