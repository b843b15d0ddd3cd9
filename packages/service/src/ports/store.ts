import type { GrantNameRecord, GrantRecord } from "../model/grant.ts";
import type { AliasRecord, KeyRecord, KeyVersionRecord } from "../model/key.ts";
import type { CustomKeyStoreRecord } from "../model/key-store.ts";
import type { KeyUsageRecord } from "../model/key-usage.ts";
import type { MountRecord } from "../model/mount.ts";
import type {
  AccessKeyRecord,
  IamNameKind,
  IamNameRecord,
  IdentityPolicyRecord,
  ManagedPolicyRecord,
  OidcProviderRecord,
  PolicyAttachmentRecord,
  PolicyVersionRecord,
  PrincipalRecord,
  TokenRecord,
} from "../model/principal.ts";
import type { VaultEntryRecord } from "../model/vault-entry.ts";

/** A wrapping key of the keyring, itself wrapped by the root key. */
export interface WrappingKeyRecord {
  readonly wrappingKeyId: string;
  readonly wrappedKey: Uint8Array;
  readonly createdAtMs: number;
  readonly revision: number;
}

/** A named JSON value of the instance: the sealed root key, its account, and so on. */
export interface SettingRecord {
  readonly name: string;
  readonly value: string;
  readonly revision: number;
}

/** The audit record of a change, committed with it, until the trail has it. */
export interface AuditOutboxRecord {
  /** The record's `eventID`. */
  readonly eventId: string;
  /** The newest record of the trail before the change: this one's can only come after it. */
  readonly afterSequence: number;
  /** One line of JSON, without what the answer would have been. */
  readonly eventJson: string;
  readonly revision: number;
}

/** The tables and their rows. Every row has a `revision`, 1 when inserted. */
export interface Tables {
  keys: KeyRecord;
  keyVersions: KeyVersionRecord;
  keyUsages: KeyUsageRecord;
  aliases: AliasRecord;
  grants: GrantRecord;
  grantNames: GrantNameRecord;
  principals: PrincipalRecord;
  accessKeys: AccessKeyRecord;
  tokens: TokenRecord;
  identityPolicies: IdentityPolicyRecord;
  iamNames: IamNameRecord;
  managedPolicies: ManagedPolicyRecord;
  policyVersions: PolicyVersionRecord;
  policyAttachments: PolicyAttachmentRecord;
  oidcProviders: OidcProviderRecord;
  mounts: MountRecord;
  vaultEntries: VaultEntryRecord;
  customKeyStores: CustomKeyStoreRecord;
  wrappingKeys: WrappingKeyRecord;
  settings: SettingRecord;
  auditOutbox: AuditOutboxRecord;
}

/** The primary key of each table, in order. */
export interface TableKeys {
  keys: { readonly region: string; readonly keyId: string };
  keyVersions: { readonly region: string; readonly keyId: string; readonly version: number };
  keyUsages: { readonly region: string; readonly keyId: string };
  aliases: { readonly account: string; readonly region: string; readonly name: string };
  grants: { readonly region: string; readonly keyId: string; readonly grantee: string; readonly grantId: string };
  grantNames: { readonly region: string; readonly keyId: string; readonly nameDigest: string };
  principals: { readonly arn: string };
  accessKeys: { readonly accessKeyId: string };
  tokens: { readonly digest: string };
  identityPolicies: { readonly principalArn: string; readonly name: string };
  iamNames: { readonly account: string; readonly kind: IamNameKind; readonly name: string };
  managedPolicies: { readonly arn: string };
  policyVersions: { readonly policyArn: string; readonly version: number };
  policyAttachments: { readonly principalArn: string; readonly policyArn: string };
  oidcProviders: { readonly arn: string };
  mounts: { readonly path: string };
  vaultEntries: { readonly area: string; readonly name: string };
  customKeyStores: { readonly account: string; readonly region: string; readonly customKeyStoreId: string };
  wrappingKeys: { readonly wrappingKeyId: string };
  settings: { readonly name: string };
  auditOutbox: { readonly eventId: string };
}

export type TableName = keyof Tables;

/**
 * One change. `insert` refuses a row whose primary key exists; its revision must be 1. `update` replaces the whole row
 * whose stored revision is `row.revision - 1`. `delete` removes the row if its revision is `revision`; with
 * `revision: "any"` whatever it is, also when there is none.
 */
export type Write = {
  [T in TableName]:
    | { readonly op: "insert"; readonly table: T; readonly row: Tables[T] }
    | { readonly op: "update"; readonly table: T; readonly row: Tables[T] }
    | { readonly op: "delete"; readonly table: T; readonly key: TableKeys[T]; readonly revision: number | "any" };
}[TableName];

/** A write met a row that exists (`exists`), or has another revision or is gone (`stale`). Nothing was changed. */
export class StoreConflict extends Error {
  readonly kind: "exists" | "stale";
  readonly table: TableName;

  constructor(kind: "exists" | "stale", table: TableName) {
    super(`store conflict: ${kind} in ${table}`);
    this.name = "StoreConflict";
    this.kind = kind;
    this.table = table;
  }
}

/** How the store is doing, for health. */
export interface StoreHealth {
  /** False from a call that failed for the disk, the file or another process, until one works again. */
  readonly ok: boolean;
  /** A whole sentence for the operator when not `ok`. */
  readonly reason?: string;
}

/**
 * The port for durable state. Reads see every commit that was answered. No method scans a table: each is a primary-key
 * or index look-up, or a page of at most `limit` rows after a cursor, in the cursor's order (text by code points).
 *
 * Any call throws ServiceError StoreUnavailable when the disk, the file or another process prevents it.
 */
export interface Store {
  get<T extends TableName>(table: T, key: TableKeys[T]): Promise<Tables[T] | undefined>;

  /** Keys of an account and region, by key id. */
  listKeys(
    account: string,
    region: string,
    afterKeyId: string | undefined,
    limit: number,
  ): Promise<readonly KeyRecord[]>;
  /** Whether an account and region has at least `count` keys; walks as many entries of an index, and reads no row. */
  hasKeys(account: string, region: string, count: number): Promise<boolean>;
  /** Whether a key has at least `count` grants; as `hasKeys`. */
  hasGrants(region: string, keyId: string, count: number): Promise<boolean>;
  /** Aliases of an account and region whose name starts with `prefix`, by name. */
  listAliases(
    account: string,
    region: string,
    prefix: string,
    afterName: string | undefined,
    limit: number,
  ): Promise<readonly AliasRecord[]>;
  /** Aliases of one key, by name. */
  listKeyAliases(
    account: string,
    region: string,
    keyId: string,
    afterName: string | undefined,
    limit: number,
  ): Promise<readonly AliasRecord[]>;
  /** Versions of a key, ascending. */
  listKeyVersions(
    region: string,
    keyId: string,
    afterVersion: number,
    limit: number,
  ): Promise<readonly KeyVersionRecord[]>;
  /** The grant of a key with an id. */
  findGrant(region: string, keyId: string, grantId: string): Promise<GrantRecord | undefined>;
  /** Grants of a key, by grant id. */
  listGrants(
    region: string,
    keyId: string,
    afterGrantId: string | undefined,
    limit: number,
  ): Promise<readonly GrantRecord[]>;
  /** Grants of a key for one grantee, by grant id. */
  listGranteeGrants(
    region: string,
    keyId: string,
    grantee: string,
    afterGrantId: string | undefined,
    limit: number,
  ): Promise<readonly GrantRecord[]>;
  /** Grants of a region that a principal may retire, by grant id. Ids are unique. */
  listRetirableGrants(
    region: string,
    retiring: string,
    afterGrantId: string | undefined,
    limit: number,
  ): Promise<readonly GrantRecord[]>;
  /** Keys with `dueAtMs` at or before `dueAtMs`, earliest first. */
  listDueKeys(dueAtMs: number, limit: number): Promise<readonly KeyRecord[]>;
  /** The earliest `dueAtMs` of all keys. */
  nextDueAtMs(): Promise<number | undefined>;
  /** Key versions still wrapped by a wrapping key. */
  listKeyVersionsWrappedBy(wrappingKeyId: string, limit: number): Promise<readonly KeyVersionRecord[]>;
  /** Access keys whose secret is still wrapped by a wrapping key. */
  listAccessKeysWrappedBy(wrappingKeyId: string, limit: number): Promise<readonly AccessKeyRecord[]>;
  /** All wrapping keys, oldest first (few). */
  listWrappingKeys(): Promise<readonly WrappingKeyRecord[]>;
  listPrincipals(account: string, afterArn: string | undefined, limit: number): Promise<readonly PrincipalRecord[]>;
  listAccessKeys(
    principalArn: string,
    afterAccessKeyId: string | undefined,
    limit: number,
  ): Promise<readonly AccessKeyRecord[]>;
  listTokens(principalArn: string, afterDigest: string | undefined, limit: number): Promise<readonly TokenRecord[]>;
  listIdentityPolicies(
    principalArn: string,
    afterName: string | undefined,
    limit: number,
  ): Promise<readonly IdentityPolicyRecord[]>;
  /** Users, roles or managed policies of an account, by name. */
  listIamNames(
    account: string,
    kind: IamNameKind,
    afterName: string | undefined,
    limit: number,
  ): Promise<readonly IamNameRecord[]>;
  /** Versions of a managed policy, ascending. */
  listPolicyVersions(policyArn: string, afterVersion: number, limit: number): Promise<readonly PolicyVersionRecord[]>;
  /** Managed policies of a principal, by their ARN. */
  listAttachedPolicies(
    principalArn: string,
    afterPolicyArn: string | undefined,
    limit: number,
  ): Promise<readonly PolicyAttachmentRecord[]>;
  /** Principals that a managed policy is attached to, by their ARN. */
  listPolicyAttachments(
    policyArn: string,
    afterPrincipalArn: string | undefined,
    limit: number,
  ): Promise<readonly PolicyAttachmentRecord[]>;
  listOidcProviders(
    account: string,
    afterArn: string | undefined,
    limit: number,
  ): Promise<readonly OidcProviderRecord[]>;
  listMounts(afterPath: string | undefined, limit: number): Promise<readonly MountRecord[]>;
  /** The token with an accessor. */
  findTokenByAccessor(accessor: string): Promise<TokenRecord | undefined>;
  /** All tokens, by accessor. */
  listTokensByAccessor(afterAccessor: string | undefined, limit: number): Promise<readonly TokenRecord[]>;
  /** The token with a lease id. */
  findTokenByLease(leaseId: string): Promise<TokenRecord | undefined>;
  /** Tokens that have a lease id, by it. */
  listTokensByLease(afterLeaseId: string | undefined, limit: number): Promise<readonly TokenRecord[]>;
  /** Tokens that were made by another one, by digest. */
  listChildTokens(
    parentDigest: string,
    afterDigest: string | undefined,
    limit: number,
  ): Promise<readonly TokenRecord[]>;
  /** Tokens that expired at or before `atMs`, earliest first. */
  listExpiredTokens(atMs: number, limit: number): Promise<readonly TokenRecord[]>;
  /** Records of the Vault API in one area, by name. */
  listVaultEntries(area: string, afterName: string | undefined, limit: number): Promise<readonly VaultEntryRecord[]>;
  /** The first records of the Vault API in areas that begin with `areaPrefix`, by area and name. */
  listVaultEntriesUnder(areaPrefix: string, limit: number): Promise<readonly VaultEntryRecord[]>;
  /** Records of the Vault API that expired at or before `atMs`, earliest first. */
  listExpiredVaultEntries(atMs: number, limit: number): Promise<readonly VaultEntryRecord[]>;
  /** Records of the Vault API still wrapped by a wrapping key. */
  listVaultEntriesWrappedBy(wrappingKeyId: string, limit: number): Promise<readonly VaultEntryRecord[]>;
  /** What is in the audit outbox, by event id. */
  listAuditOutbox(afterEventId: string | undefined, limit: number): Promise<readonly AuditOutboxRecord[]>;
  /** Custom key stores of an account and region, by id. */
  listCustomKeyStores(
    account: string,
    region: string,
    afterCustomKeyStoreId: string | undefined,
    limit: number,
  ): Promise<readonly CustomKeyStoreRecord[]>;
  /** Keys of a custom key store whose `xksKeyId` is `fromXksKeyId` or after it, by that. */
  listKeysInStore(
    region: string,
    customKeyStoreId: string,
    fromXksKeyId: string,
    limit: number,
  ): Promise<readonly KeyRecord[]>;
  /** Custom key stores whose secret is still wrapped by a wrapping key. */
  listCustomKeyStoresWrappedBy(wrappingKeyId: string, limit: number): Promise<readonly CustomKeyStoreRecord[]>;

  /**
   * Applies all writes or none, durably (they survive power loss once this returns).
   *
   * @throws StoreConflict when a row exists or is stale; nothing is changed then
   */
  commit(writes: readonly Write[]): Promise<void>;

  health(): StoreHealth;
  /** Finds out whether a store that is not well works again, for `health`. Never throws; does nothing while it is well. */
  probe(): Promise<void>;

  close(): Promise<void>;
}
