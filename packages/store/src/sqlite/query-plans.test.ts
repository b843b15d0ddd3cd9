import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { Kysely } from "kysely";
import { compilePageQueries } from "../queries/page-queries.ts";
import { compileTableQueries } from "../queries/table-queries.ts";
import type { Database } from "../schema/tables.ts";
import { nodeSqliteDialect } from "./dialect.ts";
import { openSqliteDatabase } from "./open.ts";

let database: DatabaseSync;
const plans = new Map<string, string>();

/** Queries that walk a whole index: one stops at its first row, the other's table is small. */
const indexWalks = ["nextDueAtMs", "listWrappingKeys"];

function planOf(sql: string): string {
  const rows = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
  return rows.map((row) => String(row["detail"])).join("; ");
}

before(async () => {
  database = await openSqliteDatabase({ path: ":memory:", durability: "os", exclusive: true });
  const db = new Kysely<Database>({ dialect: nodeSqliteDialect(database) });
  for (const [name, query] of Object.entries(compilePageQueries(db))) plans.set(name, planOf(query.sql));
  for (const [table, queries] of compileTableQueries(db)) {
    for (const [name, query] of Object.entries<{ sql: string }>({ ...queries })) {
      plans.set(`${table}.${name}`, planOf(query.sql));
    }
  }
});
after(() => database.close());

describe("the query plans", () => {
  it("are those of all queries", () => {
    assert.equal(plans.size, 42 + 21 * 5);
  });
  it("would show a scan and a sort if there were any", () => {
    assert.match(
      planOf("select * from keys where description > '' order by description"),
      /SCAN keys(?! USING).*TEMP B-TREE/,
    );
  });
  it("scan no table and sort nothing", () => {
    for (const [name, plan] of plans) {
      assert.doesNotMatch(plan, /TEMP B-TREE|AUTOMATIC/, name);
      assert.doesNotMatch(plan, /SCAN (?!\w+ USING (?:COVERING )?INDEX)/, name);
      if (!indexWalks.includes(name)) assert.doesNotMatch(plan, /SCAN/, name);
      if (!name.endsWith(".insert")) assert.match(plan, /USING (?:COVERING )?INDEX/, name);
    }
  });
  it("seek each listing to its cursor", () => {
    const seeks: Readonly<Record<string, RegExp>> = {
      listKeys: /keys_by_account \(account=\? AND region=\? AND key_id>\?\)/,
      listAliasesAfter: /\(account=\? AND region=\? AND name>\? AND name<\?\)/,
      listAliasesFrom: /\(account=\? AND region=\? AND name>\? AND name<\?\)/,
      listKeyAliases: /aliases_by_key \(account=\? AND region=\? AND key_id=\? AND name>\?\)/,
      listVaultEntriesUnder: /\(area>\? AND area<\?\)/,
      listKeyVersions: /\(region=\? AND key_id=\? AND version>\?\)/,
      listDueKeys: /keys_by_due \(due_at_ms>\? AND due_at_ms<\?\)/,
      listTokens: /tokens_by_principal \(principal_arn=\? AND digest>\?\)/,
      findTokenByLease: /tokens_by_lease \(lease_id=\?\)/,
      listTokensByLease: /tokens_by_lease \(lease_id>\?\)/,
      listIamNames: /\(account=\? AND kind=\? AND name>\?\)/,
      listPolicyVersions: /\(policy_arn=\? AND version>\?\)/,
      listAttachedPolicies: /\(principal_arn=\? AND policy_arn>\?\)/,
      listPolicyAttachments: /policy_attachments_by_policy \(policy_arn=\? AND principal_arn>\?\)/,
      listOidcProviders: /oidc_providers_by_account \(account=\? AND arn>\?\)/,
      findGrant: /grants_by_key \(region=\? AND key_id=\? AND grant_id=\?\)/,
      keyAt: /USING COVERING INDEX keys_by_account \(account=\? AND region=\?\)/,
      grantAt: /USING COVERING INDEX grants_by_key \(region=\? AND key_id=\?\)/,
      listGrants: /grants_by_key \(region=\? AND key_id=\? AND grant_id>\?\)/,
      listGranteeGrants: /\(region=\? AND key_id=\? AND grantee=\? AND grant_id>\?\)/,
      listRetirableGrants: /grants_by_retiring \(region=\? AND retiring=\? AND grant_id>\?\)/,
      listMounts: /\(path>\?\)/,
      listAuditOutbox: /\(event_id>\?\)/,
      listCustomKeyStores: /\(account=\? AND region=\? AND custom_key_store_id>\?\)/,
      listKeysInStore: /keys_by_custom_key_store \(region=\? AND custom_key_store_id=\? AND xks_key_id>\?\)/,
    };
    for (const [name, seek] of Object.entries(seeks)) assert.match(plans.get(name) ?? "", seek, name);
  });
});
