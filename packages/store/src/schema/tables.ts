import type {
  AccessKeyRecord,
  AliasRecord,
  AuditOutboxRecord,
  CustomKeyStoreRecord,
  GrantNameRecord,
  GrantRecord,
  IamNameRecord,
  IdentityPolicyRecord,
  KeyRecord,
  KeyUsageRecord,
  KeyVersionRecord,
  ManagedPolicyRecord,
  MountRecord,
  OidcProviderRecord,
  PolicyAttachmentRecord,
  PolicyVersionRecord,
  PrincipalRecord,
  SettingRecord,
  TableKeys,
  TableName,
  Tables,
  TokenRecord,
  VaultEntryRecord,
  WrappingKeyRecord,
} from "@coffer/service";
import {
  boolean,
  bytes,
  type Column,
  integer,
  json,
  type OptionalColumn,
  optional,
  type SqlValue,
  text,
} from "./column.ts";

/** One column for each member of a record; an optional member has an optional column. */
type Columns<R> = {
  readonly [M in keyof R]-?: Record<never, never> extends Pick<R, M>
    ? OptionalColumn<string, SqlValue, Exclude<R[M], undefined>>
    : Column<string, SqlValue, R[M]>;
};

const keys = {
  region: text("region"),
  keyId: text("key_id"),
  account: text("account"),
  spec: text("spec"),
  usage: text("usage"),
  origin: text("origin"),
  owner: text("owner"),
  state: text("state"),
  description: text("description"),
  policy: text("policy"),
  tags: json("tags"),
  createdAtMs: integer("created_at_ms"),
  currentVersion: integer("current_version"),
  rotation: json("rotation"),
  transit: json("transit"),
  onDemandRotations: integer("on_demand_rotations"),
  deletionAtMs: optional(integer("deletion_at_ms")),
  pendingWindowDays: optional(integer("pending_window_days")),
  multiRegion: optional(json("multi_region")),
  customKeyStoreId: optional(text("custom_key_store_id")),
  xksKeyId: optional(text("xks_key_id")),
  materialExpiresAtMs: optional(integer("material_expires_at_ms")),
  importedMaterialId: optional(text("imported_material_id")),
  pendingVersion: optional(integer("pending_version")),
  policyPrincipals: optional(json("policy_principals")),
  dueAtMs: optional(integer("due_at_ms")),
  revision: integer("revision"),
} satisfies Columns<KeyRecord>;

const keyVersions = {
  region: text("region"),
  keyId: text("key_id"),
  version: integer("version"),
  materialId: text("material_id"),
  wrappingKeyId: text("wrapping_key_id"),
  wrappedMaterial: bytes("wrapped_material"),
  createdAtMs: integer("created_at_ms"),
  rotationType: optional(text("rotation_type")),
  expiresAtMs: optional(integer("expires_at_ms")),
  materialDescription: optional(text("material_description")),
  wrappedHmacKey: optional(bytes("wrapped_hmac_key")),
  certificateChain: optional(text("certificate_chain")),
  revision: integer("revision"),
} satisfies Columns<KeyVersionRecord>;

const keyUsages = {
  region: text("region"),
  keyId: text("key_id"),
  operation: text("operation"),
  usedAtMs: integer("used_at_ms"),
  eventId: text("event_id"),
  requestId: text("request_id"),
  revision: integer("revision"),
} satisfies Columns<KeyUsageRecord>;

const aliases = {
  account: text("account"),
  region: text("region"),
  name: text("name"),
  keyId: text("key_id"),
  createdAtMs: integer("created_at_ms"),
  updatedAtMs: integer("updated_at_ms"),
  revision: integer("revision"),
} satisfies Columns<AliasRecord>;

const grants = {
  region: text("region"),
  keyId: text("key_id"),
  grantee: text("grantee"),
  grantId: text("grant_id"),
  granteeId: optional(text("grantee_id")),
  retiring: optional(text("retiring")),
  retiringId: optional(text("retiring_id")),
  operations: json("operations"),
  constraints: json("constraints"),
  issuingAccount: text("issuing_account"),
  name: optional(text("name")),
  nameDigest: optional(text("name_digest")),
  createdAtMs: integer("created_at_ms"),
  revision: integer("revision"),
} satisfies Columns<GrantRecord>;

const grantNames = {
  region: text("region"),
  keyId: text("key_id"),
  nameDigest: text("name_digest"),
  grantId: text("grant_id"),
  revision: integer("revision"),
} satisfies Columns<GrantNameRecord>;

const principals = {
  arn: text("arn"),
  account: text("account"),
  kind: text("kind"),
  name: text("name"),
  principalId: text("principal_id"),
  createdAtMs: integer("created_at_ms"),
  revision: integer("revision"),
  path: text("path"),
  description: text("description"),
  tags: json("tags"),
  trustPolicy: optional(text("trust_policy")),
  trustPrincipals: optional(json("trust_principals")),
  maxSessionSeconds: optional(integer("max_session_seconds")),
  boundaryArn: optional(text("boundary_arn")),
} satisfies Columns<PrincipalRecord>;

const accessKeys = {
  accessKeyId: text("access_key_id"),
  principalArn: text("principal_arn"),
  account: text("account"),
  wrappingKeyId: text("wrapping_key_id"),
  wrappedSecret: bytes("wrapped_secret"),
  active: boolean("active"),
  createdAtMs: integer("created_at_ms"),
  revision: integer("revision"),
} satisfies Columns<AccessKeyRecord>;

const tokens = {
  digest: text("digest"),
  accessor: text("accessor"),
  principalArn: text("principal_arn"),
  account: text("account"),
  displayName: text("display_name"),
  vaultPolicies: json("vault_policies"),
  createdAtMs: integer("created_at_ms"),
  expiresAtMs: optional(integer("expires_at_ms")),
  parentDigest: optional(text("parent_digest")),
  leaseId: optional(text("lease_id")),
  vault: optional(json("vault")),
  revision: integer("revision"),
} satisfies Columns<TokenRecord>;

const identityPolicies = {
  principalArn: text("principal_arn"),
  name: text("name"),
  document: text("document"),
  revision: integer("revision"),
} satisfies Columns<IdentityPolicyRecord>;

const iamNames = {
  account: text("account"),
  kind: text("kind"),
  name: text("name"),
  arn: text("arn"),
  revision: integer("revision"),
} satisfies Columns<IamNameRecord>;

const managedPolicies = {
  arn: text("arn"),
  account: text("account"),
  name: text("name"),
  path: text("path"),
  policyId: text("policy_id"),
  description: text("description"),
  tags: json("tags"),
  defaultVersion: integer("default_version"),
  newestVersion: integer("newest_version"),
  attachments: integer("attachments"),
  boundaryUses: integer("boundary_uses"),
  createdAtMs: integer("created_at_ms"),
  updatedAtMs: integer("updated_at_ms"),
  revision: integer("revision"),
} satisfies Columns<ManagedPolicyRecord>;

const policyVersions = {
  policyArn: text("policy_arn"),
  version: integer("version"),
  document: text("document"),
  createdAtMs: integer("created_at_ms"),
  revision: integer("revision"),
} satisfies Columns<PolicyVersionRecord>;

const policyAttachments = {
  principalArn: text("principal_arn"),
  policyArn: text("policy_arn"),
  revision: integer("revision"),
} satisfies Columns<PolicyAttachmentRecord>;

const oidcProviders = {
  arn: text("arn"),
  account: text("account"),
  url: text("url"),
  clientIds: json("client_ids"),
  thumbprints: json("thumbprints"),
  tags: json("tags"),
  createdAtMs: integer("created_at_ms"),
  revision: integer("revision"),
} satisfies Columns<OidcProviderRecord>;

const mounts = {
  path: text("path"),
  type: text("type"),
  description: text("description"),
  accessor: text("accessor"),
  uuid: text("uuid"),
  createdAtMs: integer("created_at_ms"),
  config: json("config"),
  revision: integer("revision"),
} satisfies Columns<MountRecord>;

const vaultEntries = {
  area: text("area"),
  name: text("name"),
  wrappingKeyId: text("wrapping_key_id"),
  wrappedValue: bytes("wrapped_value"),
  expiresAtMs: optional(integer("expires_at_ms")),
  revision: integer("revision"),
} satisfies Columns<VaultEntryRecord>;

const customKeyStores = {
  account: text("account"),
  region: text("region"),
  customKeyStoreId: text("custom_key_store_id"),
  name: text("name"),
  uriEndpoint: text("uri_endpoint"),
  uriPath: text("uri_path"),
  accessKeyId: text("access_key_id"),
  wrappingKeyId: text("wrapping_key_id"),
  wrappedSecret: bytes("wrapped_secret"),
  state: text("state"),
  connectionError: optional(text("connection_error")),
  createdAtMs: integer("created_at_ms"),
  revision: integer("revision"),
} satisfies Columns<CustomKeyStoreRecord>;

const wrappingKeys = {
  wrappingKeyId: text("wrapping_key_id"),
  wrappedKey: bytes("wrapped_key"),
  createdAtMs: integer("created_at_ms"),
  revision: integer("revision"),
} satisfies Columns<WrappingKeyRecord>;

const settings = {
  name: text("name"),
  value: text("value"),
  revision: integer("revision"),
} satisfies Columns<SettingRecord>;

const auditOutbox = {
  eventId: text("event_id"),
  afterSequence: integer("after_sequence"),
  eventJson: text("event_json"),
  revision: integer("revision"),
} satisfies Columns<AuditOutboxRecord>;

interface TableShape<T extends TableName> {
  /** The table's name in SQL. */
  readonly name: string;
  /** The members of the primary key, in order. */
  readonly key: readonly (keyof TableKeys[T] & keyof Tables[T])[];
  /** Whether a deleted row's bytes must not linger in a journal. */
  readonly holdsSecrets: boolean;
  readonly columns: Columns<Tables[T]>;
}

/** The tables in SQL: names, primary keys and columns, each once. */
export const tables = {
  keys: { name: "keys", key: ["region", "keyId"], holdsSecrets: false, columns: keys },
  keyVersions: {
    name: "key_versions",
    key: ["region", "keyId", "version"],
    holdsSecrets: true,
    columns: keyVersions,
  },
  keyUsages: { name: "key_usages", key: ["region", "keyId"], holdsSecrets: false, columns: keyUsages },
  aliases: { name: "aliases", key: ["account", "region", "name"], holdsSecrets: false, columns: aliases },
  grants: { name: "grants", key: ["region", "keyId", "grantee", "grantId"], holdsSecrets: false, columns: grants },
  grantNames: {
    name: "grant_names",
    key: ["region", "keyId", "nameDigest"],
    holdsSecrets: false,
    columns: grantNames,
  },
  principals: { name: "principals", key: ["arn"], holdsSecrets: false, columns: principals },
  accessKeys: { name: "access_keys", key: ["accessKeyId"], holdsSecrets: true, columns: accessKeys },
  tokens: { name: "tokens", key: ["digest"], holdsSecrets: false, columns: tokens },
  identityPolicies: {
    name: "identity_policies",
    key: ["principalArn", "name"],
    holdsSecrets: false,
    columns: identityPolicies,
  },
  iamNames: { name: "iam_names", key: ["account", "kind", "name"], holdsSecrets: false, columns: iamNames },
  managedPolicies: { name: "managed_policies", key: ["arn"], holdsSecrets: false, columns: managedPolicies },
  policyVersions: {
    name: "policy_versions",
    key: ["policyArn", "version"],
    holdsSecrets: false,
    columns: policyVersions,
  },
  policyAttachments: {
    name: "policy_attachments",
    key: ["principalArn", "policyArn"],
    holdsSecrets: false,
    columns: policyAttachments,
  },
  oidcProviders: { name: "oidc_providers", key: ["arn"], holdsSecrets: false, columns: oidcProviders },
  mounts: { name: "mounts", key: ["path"], holdsSecrets: false, columns: mounts },
  vaultEntries: { name: "vault_entries", key: ["area", "name"], holdsSecrets: true, columns: vaultEntries },
  customKeyStores: {
    name: "custom_key_stores",
    key: ["account", "region", "customKeyStoreId"],
    holdsSecrets: true,
    columns: customKeyStores,
  },
  wrappingKeys: { name: "wrapping_keys", key: ["wrappingKeyId"], holdsSecrets: true, columns: wrappingKeys },
  settings: { name: "settings", key: ["name"], holdsSecrets: true, columns: settings },
  auditOutbox: { name: "audit_outbox", key: ["eventId"], holdsSecrets: false, columns: auditOutbox },
} as const satisfies { readonly [T in TableName]: TableShape<T> };

type Shapes = typeof tables;

type RowOf<C> = {
  [M in keyof C as C[M] extends { readonly name: infer N extends string } ? N : never]: C[M] extends {
    encode(value: never): infer S;
  }
    ? C[M] extends { readonly optional: true }
      ? S | null
      : S
    : never;
};

/** The schema as Kysely sees it: a row type for each SQL table, from the same columns. */
export type Database = { [T in TableName as Shapes[T]["name"]]: RowOf<Shapes[T]["columns"]> };
