import type { Kysely } from "kysely";
import type { Database } from "../schema/tables.ts";
import { compileGrantQueries } from "./grant-queries.ts";
import { type ArgumentOf, compileQuery } from "./query.ts";
import { compileVaultQueries } from "./vault-queries.ts";

interface Page {
  readonly limit: number;
}

interface AliasRange extends Page {
  readonly account: string;
  readonly region: string;
  readonly from: string;
}

interface BoundedAliasRange extends AliasRange {
  readonly below: string;
}

function selectAliases(db: Kysely<Database>, from: ">" | ">=", argument: ArgumentOf<AliasRange>) {
  return db
    .selectFrom("aliases")
    .selectAll()
    .where("account", "=", argument("account"))
    .where("region", "=", argument("region"))
    .where("name", from, argument("from"))
    .orderBy("name")
    .limit(argument("limit"));
}

function compileAliases(db: Kysely<Database>, from: ">" | ">=") {
  return compileQuery<AliasRange>((argument) => selectAliases(db, from, argument));
}

function compileBoundedAliases(db: Kysely<Database>, from: ">" | ">=") {
  return compileQuery<BoundedAliasRange>((argument) =>
    selectAliases(db, from, argument).where("name", "<", argument("below")),
  );
}

/**
 * Compiles the queries that give more than one row. Each walks one index from a cursor; `sqlite/query-plans.test.ts`
 * fails for one that scans or sorts.
 */
export function compilePageQueries(db: Kysely<Database>) {
  return {
    listKeys: compileQuery<Page & { account: string; region: string; after: string }>((argument) =>
      db
        .selectFrom("keys")
        .selectAll()
        .where("account", "=", argument("account"))
        .where("region", "=", argument("region"))
        .where("key_id", ">", argument("after"))
        .orderBy("key_id")
        .limit(argument("limit")),
    ),
    keyAt: compileQuery<{ account: string; region: string; offset: number }>((argument) =>
      db
        .selectFrom("keys")
        .select("key_id")
        .where("account", "=", argument("account"))
        .where("region", "=", argument("region"))
        .orderBy("key_id")
        .limit(1)
        .offset(argument("offset")),
    ),
    listAliasesFrom: compileBoundedAliases(db, ">="),
    listAliasesAfter: compileBoundedAliases(db, ">"),
    listAliasesFromUnbounded: compileAliases(db, ">="),
    listAliasesAfterUnbounded: compileAliases(db, ">"),
    listKeyAliases: compileQuery<Page & { account: string; region: string; keyId: string; after: string }>((argument) =>
      db
        .selectFrom("aliases")
        .selectAll()
        .where("account", "=", argument("account"))
        .where("region", "=", argument("region"))
        .where("key_id", "=", argument("keyId"))
        .where("name", ">", argument("after"))
        .orderBy("name")
        .limit(argument("limit")),
    ),
    listKeyVersions: compileQuery<Page & { region: string; keyId: string; after: number }>((argument) =>
      db
        .selectFrom("key_versions")
        .selectAll()
        .where("region", "=", argument("region"))
        .where("key_id", "=", argument("keyId"))
        .where("version", ">", argument("after"))
        .orderBy("version")
        .limit(argument("limit")),
    ),
    listDueKeys: compileQuery<Page & { dueAtMs: number }>((argument) =>
      db
        .selectFrom("keys")
        .selectAll()
        .where("due_at_ms", "is not", null)
        .where("due_at_ms", "<=", argument("dueAtMs"))
        .orderBy("due_at_ms")
        .orderBy("region")
        .orderBy("key_id")
        .limit(argument("limit")),
    ),
    nextDueAtMs: compileQuery<Record<never, never>>(() =>
      db.selectFrom("keys").select("due_at_ms").where("due_at_ms", "is not", null).orderBy("due_at_ms").limit(1),
    ),
    listKeyVersionsWrappedBy: compileQuery<Page & { wrappingKeyId: string }>((argument) =>
      db
        .selectFrom("key_versions")
        .selectAll()
        .where("wrapping_key_id", "=", argument("wrappingKeyId"))
        .orderBy("region")
        .orderBy("key_id")
        .orderBy("version")
        .limit(argument("limit")),
    ),
    listAccessKeysWrappedBy: compileQuery<Page & { wrappingKeyId: string }>((argument) =>
      db
        .selectFrom("access_keys")
        .selectAll()
        .where("wrapping_key_id", "=", argument("wrappingKeyId"))
        .orderBy("access_key_id")
        .limit(argument("limit")),
    ),
    listWrappingKeys: compileQuery<Record<never, never>>(() =>
      db.selectFrom("wrapping_keys").selectAll().orderBy("created_at_ms").orderBy("wrapping_key_id"),
    ),
    listPrincipals: compileQuery<Page & { account: string; after: string }>((argument) =>
      db
        .selectFrom("principals")
        .selectAll()
        .where("account", "=", argument("account"))
        .where("arn", ">", argument("after"))
        .orderBy("arn")
        .limit(argument("limit")),
    ),
    listAccessKeys: compileQuery<Page & { principalArn: string; after: string }>((argument) =>
      db
        .selectFrom("access_keys")
        .selectAll()
        .where("principal_arn", "=", argument("principalArn"))
        .where("access_key_id", ">", argument("after"))
        .orderBy("access_key_id")
        .limit(argument("limit")),
    ),
    listTokens: compileQuery<Page & { principalArn: string; after: string }>((argument) =>
      db
        .selectFrom("tokens")
        .selectAll()
        .where("principal_arn", "=", argument("principalArn"))
        .where("digest", ">", argument("after"))
        .orderBy("digest")
        .limit(argument("limit")),
    ),
    listIdentityPolicies: compileQuery<Page & { principalArn: string; after: string }>((argument) =>
      db
        .selectFrom("identity_policies")
        .selectAll()
        .where("principal_arn", "=", argument("principalArn"))
        .where("name", ">", argument("after"))
        .orderBy("name")
        .limit(argument("limit")),
    ),
    listCustomKeyStores: compileQuery<Page & { account: string; region: string; after: string }>((argument) =>
      db
        .selectFrom("custom_key_stores")
        .selectAll()
        .where("account", "=", argument("account"))
        .where("region", "=", argument("region"))
        .where("custom_key_store_id", ">", argument("after"))
        .orderBy("custom_key_store_id")
        .limit(argument("limit")),
    ),
    listKeysInStore: compileQuery<Page & { region: string; customKeyStoreId: string; from: string }>((argument) =>
      db
        .selectFrom("keys")
        .selectAll()
        .where("custom_key_store_id", "is not", null)
        .where("region", "=", argument("region"))
        .where("custom_key_store_id", "=", argument("customKeyStoreId"))
        .where("xks_key_id", ">=", argument("from"))
        .orderBy("xks_key_id")
        .orderBy("key_id")
        .limit(argument("limit")),
    ),
    listCustomKeyStoresWrappedBy: compileQuery<Page & { wrappingKeyId: string }>((argument) =>
      db
        .selectFrom("custom_key_stores")
        .selectAll()
        .where("wrapping_key_id", "=", argument("wrappingKeyId"))
        .orderBy("account")
        .orderBy("region")
        .orderBy("custom_key_store_id")
        .limit(argument("limit")),
    ),
    listIamNames: compileQuery<Page & { account: string; kind: string; after: string }>((argument) =>
      db
        .selectFrom("iam_names")
        .selectAll()
        .where("account", "=", argument("account"))
        .where("kind", "=", argument("kind"))
        .where("name", ">", argument("after"))
        .orderBy("name")
        .limit(argument("limit")),
    ),
    listPolicyVersions: compileQuery<Page & { policyArn: string; after: number }>((argument) =>
      db
        .selectFrom("policy_versions")
        .selectAll()
        .where("policy_arn", "=", argument("policyArn"))
        .where("version", ">", argument("after"))
        .orderBy("version")
        .limit(argument("limit")),
    ),
    listAttachedPolicies: compileQuery<Page & { principalArn: string; after: string }>((argument) =>
      db
        .selectFrom("policy_attachments")
        .selectAll()
        .where("principal_arn", "=", argument("principalArn"))
        .where("policy_arn", ">", argument("after"))
        .orderBy("policy_arn")
        .limit(argument("limit")),
    ),
    listPolicyAttachments: compileQuery<Page & { policyArn: string; after: string }>((argument) =>
      db
        .selectFrom("policy_attachments")
        .selectAll()
        .where("policy_arn", "=", argument("policyArn"))
        .where("principal_arn", ">", argument("after"))
        .orderBy("principal_arn")
        .limit(argument("limit")),
    ),
    listOidcProviders: compileQuery<Page & { account: string; after: string }>((argument) =>
      db
        .selectFrom("oidc_providers")
        .selectAll()
        .where("account", "=", argument("account"))
        .where("arn", ">", argument("after"))
        .orderBy("arn")
        .limit(argument("limit")),
    ),
    listMounts: compileQuery<Page & { after: string }>((argument) =>
      db
        .selectFrom("mounts")
        .selectAll()
        .where("path", ">", argument("after"))
        .orderBy("path")
        .limit(argument("limit")),
    ),
    listAuditOutbox: compileQuery<Page & { after: string }>((argument) =>
      db
        .selectFrom("audit_outbox")
        .selectAll()
        .where("event_id", ">", argument("after"))
        .orderBy("event_id")
        .limit(argument("limit")),
    ),
    ...compileGrantQueries(db),
    ...compileVaultQueries(db),
  };
}

/** The compiled listings. */
export type PageQueries = ReturnType<typeof compilePageQueries>;
