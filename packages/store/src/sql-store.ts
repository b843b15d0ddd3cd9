import {
  type AccessKeyRecord,
  type AliasRecord,
  type AuditOutboxRecord,
  type CustomKeyStoreRecord,
  type GrantRecord,
  type IamNameKind,
  type IamNameRecord,
  type IdentityPolicyRecord,
  invariant,
  type KeyRecord,
  type KeyVersionRecord,
  type MountRecord,
  type OidcProviderRecord,
  type PolicyAttachmentRecord,
  type PolicyVersionRecord,
  type PrincipalRecord,
  type Store,
  type StoreHealth,
  type TableKeys,
  type TableName,
  type Tables,
  type TokenRecord,
  type VaultEntryRecord,
  type WrappingKeyRecord,
  type Write,
} from "@coffer/service";
import type { Kysely } from "kysely";
import { compilePageQueries, type PageQueries } from "./queries/page-queries.ts";
import { compareText, prefixUpperBound } from "./queries/prefix.ts";
import type { Query } from "./queries/query.ts";
import { compileTableQueries, type EncodedWrite, encodeWrite, type TableQueries } from "./queries/table-queries.ts";
import { decodeRecord, encodeKey, type Row } from "./schema/row.ts";
import type { Database } from "./schema/tables.ts";

/** What a database does for the store: run compiled queries. Throws ServiceError StoreUnavailable as the port says. */
export interface SqlEngine {
  /** Rows of a query, seeing every answered commit. */
  rows<A>(query: Query<A>, args: A): Promise<readonly Row[]>;
  /**
   * Runs the writes of one commit, all or none, durably.
   *
   * @throws StoreConflict
   */
  commit(writes: readonly EncodedWrite[]): Promise<void>;
  health(): StoreHealth;
  probe(): Promise<void>;
  close(): Promise<void>;
}

/** Below every primary key, none of which is empty. */
const beforeAll = "";

/** The store over any SQL database: the port's methods as queries, compiled once. */
export class SqlStore implements Store {
  readonly #engine: SqlEngine;
  readonly #tables: ReadonlyMap<TableName, TableQueries>;
  readonly #pages: PageQueries;

  /** @param db compiles the queries in the engine's dialect; it runs none */
  constructor(engine: SqlEngine, db: Kysely<Database>) {
    this.#engine = engine;
    this.#tables = compileTableQueries(db);
    this.#pages = compilePageQueries(db);
  }

  async get<T extends TableName>(table: T, key: TableKeys[T]): Promise<Tables[T] | undefined> {
    const queries = this.#tables.get(table);
    invariant(queries !== undefined, "a table of the port has queries");
    const [row] = await this.#engine.rows(queries.get, encodeKey(table, key));
    return row === undefined ? undefined : decodeRecord(table, row);
  }

  listKeys(account: string, region: string, after = beforeAll, limit: number): Promise<readonly KeyRecord[]> {
    return this.#page("keys", this.#pages.listKeys, { account, region, after, limit });
  }

  async hasKeys(account: string, region: string, count: number): Promise<boolean> {
    const rows = await this.#engine.rows(this.#pages.keyAt, { account, region, offset: count - 1 });
    return rows.length > 0;
  }

  async hasGrants(region: string, keyId: string, count: number): Promise<boolean> {
    const rows = await this.#engine.rows(this.#pages.grantAt, { region, keyId, offset: count - 1 });
    return rows.length > 0;
  }

  listAliases(
    account: string,
    region: string,
    prefix: string,
    afterName: string | undefined,
    limit: number,
  ): Promise<readonly AliasRecord[]> {
    const below = prefixUpperBound(prefix);
    const inPrefix = afterName !== undefined && compareText(afterName, prefix) >= 0;
    const pages = this.#pages;
    const [bounded, unbounded] = inPrefix
      ? [pages.listAliasesAfter, pages.listAliasesAfterUnbounded]
      : [pages.listAliasesFrom, pages.listAliasesFromUnbounded];
    const args = { account, region, from: inPrefix ? afterName : prefix, limit };
    return below === undefined
      ? this.#page("aliases", unbounded, args)
      : this.#page("aliases", bounded, { ...args, below });
  }

  listKeyAliases(
    account: string,
    region: string,
    keyId: string,
    after = beforeAll,
    limit: number,
  ): Promise<readonly AliasRecord[]> {
    return this.#page("aliases", this.#pages.listKeyAliases, { account, region, keyId, after, limit });
  }

  listKeyVersions(region: string, keyId: string, after: number, limit: number): Promise<readonly KeyVersionRecord[]> {
    return this.#page("keyVersions", this.#pages.listKeyVersions, { region, keyId, after, limit });
  }

  async findGrant(region: string, keyId: string, grantId: string): Promise<GrantRecord | undefined> {
    const [row] = await this.#engine.rows(this.#pages.findGrant, { region, keyId, grantId });
    return row === undefined ? undefined : decodeRecord("grants", row);
  }

  listGrants(region: string, keyId: string, after = beforeAll, limit: number): Promise<readonly GrantRecord[]> {
    return this.#page("grants", this.#pages.listGrants, { region, keyId, after, limit });
  }

  listGranteeGrants(
    region: string,
    keyId: string,
    grantee: string,
    after = beforeAll,
    limit: number,
  ): Promise<readonly GrantRecord[]> {
    return this.#page("grants", this.#pages.listGranteeGrants, { region, keyId, grantee, after, limit });
  }

  listRetirableGrants(
    region: string,
    retiring: string,
    after = beforeAll,
    limit: number,
  ): Promise<readonly GrantRecord[]> {
    return this.#page("grants", this.#pages.listRetirableGrants, { region, retiring, after, limit });
  }

  listDueKeys(dueAtMs: number, limit: number): Promise<readonly KeyRecord[]> {
    return this.#page("keys", this.#pages.listDueKeys, { dueAtMs, limit });
  }

  async nextDueAtMs(): Promise<number | undefined> {
    const [row] = await this.#engine.rows(this.#pages.nextDueAtMs, {});
    return row === undefined ? undefined : (row["due_at_ms"] as number);
  }

  listKeyVersionsWrappedBy(wrappingKeyId: string, limit: number): Promise<readonly KeyVersionRecord[]> {
    return this.#page("keyVersions", this.#pages.listKeyVersionsWrappedBy, { wrappingKeyId, limit });
  }

  listAccessKeysWrappedBy(wrappingKeyId: string, limit: number): Promise<readonly AccessKeyRecord[]> {
    return this.#page("accessKeys", this.#pages.listAccessKeysWrappedBy, { wrappingKeyId, limit });
  }

  async listWrappingKeys(): Promise<readonly WrappingKeyRecord[]> {
    const rows = await this.#engine.rows(this.#pages.listWrappingKeys, {});
    return rows.map((row) => decodeRecord("wrappingKeys", row));
  }

  listPrincipals(account: string, after = beforeAll, limit: number): Promise<readonly PrincipalRecord[]> {
    return this.#page("principals", this.#pages.listPrincipals, { account, after, limit });
  }

  listAccessKeys(principalArn: string, after = beforeAll, limit: number): Promise<readonly AccessKeyRecord[]> {
    return this.#page("accessKeys", this.#pages.listAccessKeys, { principalArn, after, limit });
  }

  listTokens(principalArn: string, after = beforeAll, limit: number): Promise<readonly TokenRecord[]> {
    return this.#page("tokens", this.#pages.listTokens, { principalArn, after, limit });
  }

  listIdentityPolicies(
    principalArn: string,
    after = beforeAll,
    limit: number,
  ): Promise<readonly IdentityPolicyRecord[]> {
    return this.#page("identityPolicies", this.#pages.listIdentityPolicies, { principalArn, after, limit });
  }

  listIamNames(
    account: string,
    kind: IamNameKind,
    after = beforeAll,
    limit: number,
  ): Promise<readonly IamNameRecord[]> {
    return this.#page("iamNames", this.#pages.listIamNames, { account, kind, after, limit });
  }

  listPolicyVersions(policyArn: string, after: number, limit: number): Promise<readonly PolicyVersionRecord[]> {
    return this.#page("policyVersions", this.#pages.listPolicyVersions, { policyArn, after, limit });
  }

  listAttachedPolicies(
    principalArn: string,
    after = beforeAll,
    limit: number,
  ): Promise<readonly PolicyAttachmentRecord[]> {
    return this.#page("policyAttachments", this.#pages.listAttachedPolicies, { principalArn, after, limit });
  }

  listPolicyAttachments(
    policyArn: string,
    after = beforeAll,
    limit: number,
  ): Promise<readonly PolicyAttachmentRecord[]> {
    return this.#page("policyAttachments", this.#pages.listPolicyAttachments, { policyArn, after, limit });
  }

  listOidcProviders(account: string, after = beforeAll, limit: number): Promise<readonly OidcProviderRecord[]> {
    return this.#page("oidcProviders", this.#pages.listOidcProviders, { account, after, limit });
  }

  async findTokenByAccessor(accessor: string): Promise<TokenRecord | undefined> {
    const [found] = await this.#page("tokens", this.#pages.findTokenByAccessor, { accessor, limit: 1 });
    return found;
  }

  listTokensByAccessor(after = beforeAll, limit: number): Promise<readonly TokenRecord[]> {
    return this.#page("tokens", this.#pages.listTokensByAccessor, { after, limit });
  }

  async findTokenByLease(leaseId: string): Promise<TokenRecord | undefined> {
    const [found] = await this.#page("tokens", this.#pages.findTokenByLease, { leaseId, limit: 1 });
    return found;
  }

  listTokensByLease(after = beforeAll, limit: number): Promise<readonly TokenRecord[]> {
    return this.#page("tokens", this.#pages.listTokensByLease, { after, limit });
  }

  listChildTokens(parentDigest: string, after = beforeAll, limit: number): Promise<readonly TokenRecord[]> {
    return this.#page("tokens", this.#pages.listChildTokens, { parentDigest, after, limit });
  }

  listExpiredTokens(atMs: number, limit: number): Promise<readonly TokenRecord[]> {
    return this.#page("tokens", this.#pages.listExpiredTokens, { atMs, limit });
  }

  listVaultEntries(area: string, after = beforeAll, limit: number): Promise<readonly VaultEntryRecord[]> {
    return this.#page("vaultEntries", this.#pages.listVaultEntries, { area, after, limit });
  }

  listVaultEntriesUnder(areaPrefix: string, limit: number): Promise<readonly VaultEntryRecord[]> {
    const below = prefixUpperBound(areaPrefix);
    invariant(below !== undefined, "an area begins with letters");
    return this.#page("vaultEntries", this.#pages.listVaultEntriesUnder, { from: areaPrefix, below, limit });
  }

  listExpiredVaultEntries(atMs: number, limit: number): Promise<readonly VaultEntryRecord[]> {
    return this.#page("vaultEntries", this.#pages.listExpiredVaultEntries, { atMs, limit });
  }

  listVaultEntriesWrappedBy(wrappingKeyId: string, limit: number): Promise<readonly VaultEntryRecord[]> {
    return this.#page("vaultEntries", this.#pages.listVaultEntriesWrappedBy, { wrappingKeyId, limit });
  }

  listMounts(after = beforeAll, limit: number): Promise<readonly MountRecord[]> {
    return this.#page("mounts", this.#pages.listMounts, { after, limit });
  }

  listAuditOutbox(after = beforeAll, limit: number): Promise<readonly AuditOutboxRecord[]> {
    return this.#page("auditOutbox", this.#pages.listAuditOutbox, { after, limit });
  }

  listCustomKeyStores(
    account: string,
    region: string,
    after = beforeAll,
    limit: number,
  ): Promise<readonly CustomKeyStoreRecord[]> {
    return this.#page("customKeyStores", this.#pages.listCustomKeyStores, { account, region, after, limit });
  }

  listKeysInStore(
    region: string,
    customKeyStoreId: string,
    from: string,
    limit: number,
  ): Promise<readonly KeyRecord[]> {
    return this.#page("keys", this.#pages.listKeysInStore, { region, customKeyStoreId, from, limit });
  }

  listCustomKeyStoresWrappedBy(wrappingKeyId: string, limit: number): Promise<readonly CustomKeyStoreRecord[]> {
    return this.#page("customKeyStores", this.#pages.listCustomKeyStoresWrappedBy, { wrappingKeyId, limit });
  }

  async commit(writes: readonly Write[]): Promise<void> {
    await this.#engine.commit(writes.map((write) => encodeWrite(this.#tables, write)));
  }

  health(): StoreHealth {
    return this.#engine.health();
  }

  probe(): Promise<void> {
    return this.#engine.probe();
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  async #page<T extends TableName, A extends { readonly limit: number }>(
    table: T,
    query: Query<A>,
    args: A,
  ): Promise<readonly Tables[T][]> {
    // SQLite reads a negative limit as none at all.
    invariant(Number.isSafeInteger(args.limit) && args.limit >= 0, "the limit of a page is a whole number");
    const rows = await this.#engine.rows(query, args);
    return rows.map((row) => decodeRecord(table, row));
  }
}
