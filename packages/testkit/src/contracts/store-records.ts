import type { TableKeys, TableName, Tables } from "@coffer/service";

/** The members of each table's primary key. */
export const primaryKeys: { readonly [T in TableName]: readonly (keyof TableKeys[T] & string)[] } = {
  keys: ["region", "keyId"],
  keyVersions: ["region", "keyId", "version"],
  keyUsages: ["region", "keyId"],
  aliases: ["account", "region", "name"],
  principals: ["arn"],
  accessKeys: ["accessKeyId"],
  tokens: ["digest"],
  identityPolicies: ["principalArn", "name"],
  mounts: ["path"],
  customKeyStores: ["account", "region", "customKeyStoreId"],
  wrappingKeys: ["wrappingKeyId"],
  settings: ["name"],
  auditOutbox: ["eventId"],
};

/** The names of all tables. */
export const tableNames = Object.keys(primaryKeys) as readonly TableName[];

/** A row of each table with every optional member present. */
export const sampleRecords: Tables = {
  keys: {
    region: "eu-west-1",
    keyId: "1234abcd-12ab-34cd-56ef-1234567890ab",
    account: "111122223333",
    spec: "SYMMETRIC_DEFAULT",
    usage: "ENCRYPT_DECRYPT",
    origin: "AWS_KMS",
    owner: "CUSTOMER",
    state: "pendingDestruction",
    description: "payroll \u{1f511} ' \" \\ %",
    policy: '{"Version":"2012-10-17"}',
    tags: [{ key: "team", value: "payroll" }],
    createdAtMs: 1_700_000_000_000,
    currentVersion: 2,
    rotation: { enabled: true, periodMs: 31_536_000_000, nextAtMs: 1_731_536_000_000 },
    transit: {
      deletionAllowed: false,
      exportable: true,
      allowPlaintextBackup: false,
      minDecryptionVersion: 1,
      minEncryptionVersion: 0,
    },
    onDemandRotations: 1,
    deletionAtMs: 1_702_592_000_000,
    pendingWindowDays: 30,
    multiRegion: { primaryRegion: "eu-west-1", replicaRegions: ["us-east-1"] },
    customKeyStoreId: "cks-1234567890abcdef0",
    xksKeyId: "external-1",
    materialExpiresAtMs: 1_702_592_000_000,
    importedMaterialId: "cd".repeat(32),
    pendingVersion: 3,
    policyPrincipals: { "arn:aws:iam::111122223333:user/alice": "AIDAEXAMPLE" },
    dueAtMs: 1_702_592_000_000,
    revision: 1,
  },
  keyVersions: {
    region: "eu-west-1",
    keyId: "1234abcd-12ab-34cd-56ef-1234567890ab",
    version: 2,
    materialId: "ab".repeat(32),
    wrappingKeyId: "wrapping-1",
    wrappedMaterial: Uint8Array.of(0, 1, 127, 128, 255),
    createdAtMs: 1_700_000_000_000,
    rotationType: "ON_DEMAND",
    expiresAtMs: 1_702_592_000_000,
    materialDescription: "from the vault in the cellar",
    revision: 1,
  },
  keyUsages: {
    region: "eu-west-1",
    keyId: "1234abcd-12ab-34cd-56ef-1234567890ab",
    operation: "GenerateDataKey",
    usedAtMs: 1_700_000_000_002,
    eventId: "6a1b0c4e-0000-4000-8000-000000000001",
    requestId: "6a1b0c4e-0000-4000-8000-000000000002",
    revision: 1,
  },
  aliases: {
    account: "111122223333",
    region: "eu-west-1",
    name: "alias/payroll",
    keyId: "1234abcd-12ab-34cd-56ef-1234567890ab",
    createdAtMs: 1_700_000_000_000,
    updatedAtMs: 1_700_000_000_001,
    revision: 1,
  },
  principals: {
    arn: "arn:aws:iam::111122223333:user/alice",
    account: "111122223333",
    kind: "user",
    name: "alice",
    principalId: "AIDAEXAMPLE",
    createdAtMs: 1_700_000_000_000,
    revision: 1,
  },
  accessKeys: {
    accessKeyId: "AKIAEXAMPLE",
    principalArn: "arn:aws:iam::111122223333:user/alice",
    account: "111122223333",
    wrappingKeyId: "wrapping-1",
    wrappedSecret: Uint8Array.of(9, 8, 7),
    active: true,
    createdAtMs: 1_700_000_000_000,
    revision: 1,
  },
  tokens: {
    digest: "cd".repeat(32),
    accessor: "accessor-1",
    principalArn: "arn:aws:iam::111122223333:user/alice",
    account: "111122223333",
    displayName: "token",
    vaultPolicies: ["default", "payroll"],
    createdAtMs: 1_700_000_000_000,
    expiresAtMs: 1_700_000_360_000,
    revision: 1,
  },
  identityPolicies: {
    principalArn: "arn:aws:iam::111122223333:user/alice",
    name: "payroll",
    document: '{"Statement":[]}',
    revision: 1,
  },
  mounts: {
    path: "transit",
    type: "transit",
    description: "",
    accessor: "transit_0123abcd",
    uuid: "6a1b0c4e-0000-4000-8000-000000000000",
    createdAtMs: 1_700_000_000_000,
    revision: 1,
  },
  customKeyStores: {
    account: "111122223333",
    region: "eu-west-1",
    customKeyStoreId: "cks-1234567890abcdef0",
    name: "cellar",
    uriEndpoint: "https://xks.example.com",
    uriPath: "/cellar/kms/xks/v1",
    accessKeyId: "AKIAEXAMPLE234567234",
    wrappingKeyId: "wrapping-1",
    wrappedSecret: Uint8Array.of(4, 5, 6),
    state: "failed",
    connectionError: "XKS_PROXY_TIMED_OUT",
    createdAtMs: 1_700_000_000_000,
    revision: 1,
  },
  wrappingKeys: {
    wrappingKeyId: "wrapping-1",
    wrappedKey: Uint8Array.of(1, 2, 3),
    createdAtMs: 1_700_000_000_000,
    revision: 1,
  },
  settings: { name: "instance", value: '{"account":"111122223333"}', revision: 1 },
  auditOutbox: {
    eventId: "7a1b0c4e-0000-4000-8000-000000000000",
    afterSequence: 7,
    eventJson: '{"eventName":"CreateKey"}',
    revision: 1,
  },
};

/** The optional members of each table's rows. */
export const optionalMembers: { readonly [T in TableName]: readonly (keyof Tables[T] & string)[] } = {
  keys: [
    "deletionAtMs",
    "pendingWindowDays",
    "multiRegion",
    "customKeyStoreId",
    "xksKeyId",
    "materialExpiresAtMs",
    "importedMaterialId",
    "pendingVersion",
    "policyPrincipals",
    "dueAtMs",
  ],
  keyVersions: ["rotationType", "expiresAtMs", "materialDescription"],
  keyUsages: [],
  aliases: [],
  principals: [],
  accessKeys: [],
  tokens: ["expiresAtMs"],
  identityPolicies: [],
  mounts: [],
  customKeyStores: ["connectionError"],
  wrappingKeys: [],
  settings: [],
  auditOutbox: [],
};

/** A row of any table, by member. */
export type AnyRecord = Readonly<Record<string, unknown>>;

/** The primary key of a row. */
export function keyOf<T extends TableName>(table: T, row: Tables[T]): TableKeys[T] {
  const members = row as unknown as AnyRecord;
  return Object.fromEntries(primaryKeys[table].map((member) => [member, members[member]])) as unknown as TableKeys[T];
}

/** A row as every store may give it: bytes as `Uint8Array` whatever subclass they came in. */
export function plainRow<R extends object>(row: R): R {
  const members = Object.entries(row).map(([member, value]) => [
    member,
    value instanceof Uint8Array ? Uint8Array.from(value) : value,
  ]);
  return Object.fromEntries(members) as R;
}
