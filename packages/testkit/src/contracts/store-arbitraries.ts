import type { TableName, Tables, Write } from "@coffer/service";
import fc from "fast-check";
import type { Ranges } from "./store-listings.ts";
import type { StoreModel } from "./store-model.ts";
import { type AnyRecord, keyOf, optionalMembers, sampleRecords, tableNames } from "./store-records.ts";

/** Few enough values that rows meet each other; with wildcards, quotes, and code points that UTF-16 orders otherwise. */
export const ranges: Ranges = {
  accounts: ["111122223333", "444455556666"],
  regions: ["eu-west-1", "us-east-1"],
  keyIds: ["1234abcd", "1234abce", "mrk-1234"],
  principalArns: ["arn:aws:iam::111122223333:user/alice", "arn:aws:iam::111122223333:user/bob"],
  policyArns: ["arn:aws:iam::111122223333:policy/a", "arn:aws:iam::aws:policy/b"],
  wrappingKeyIds: ["wrapping-1", "wrapping-2"],
  customKeyStoreIds: ["cks-1", "cks-2"],
  aliasPrefixes: [
    "",
    "alias/",
    "alias/%",
    "alias/_",
    "alias/a",
    "alias/\u{ffff}",
    "alias/\u{10ffff}",
    "alias0",
    "\u{10ffff}",
  ],
  dueAtMs: [0, 10, 20, 2 ** 50],
};

const awkward = [
  "a",
  "A",
  "b",
  "%",
  "_",
  "\\",
  "*",
  "?",
  "[",
  "'",
  '"',
  "/",
  " ",
  "é",
  "\u{ffff}",
  "\u{1f511}",
  "\u{10ffff}",
];

const name = fc.string({ unit: fc.constantFrom(...awkward), minLength: 1, maxLength: 3 });
const aliasName = fc.oneof(
  { weight: 8, arbitrary: name.map((text) => `alias/${text}`) },
  { weight: 1, arbitrary: fc.constantFrom("alias/", "alias", "alias0", "\u{10ffff}", "\u{10ffff}a") },
);
const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });
const anyText = fc.string({ unit: "grapheme", maxLength: 12 });
const time = fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constant(Number.MAX_SAFE_INTEGER));

/** What varies in the rows of each table; the rest is as in the sample. */
const varying: { readonly [T in TableName]: { readonly [M in keyof Tables[T]]?: fc.Arbitrary<Tables[T][M]> } } = {
  keys: {
    region: fc.constantFrom(...ranges.regions),
    keyId: fc.constantFrom(...ranges.keyIds),
    account: fc.constantFrom(...ranges.accounts),
    description: anyText,
    tags: fc.array(fc.record({ key: anyText, value: anyText }, { noNullPrototype: true }), { maxLength: 2 }),
    currentVersion: fc.integer({ min: 1, max: 2 ** 40 }),
    customKeyStoreId: fc.constantFrom(...ranges.customKeyStoreIds),
    xksKeyId: name,
    dueAtMs: time,
  },
  keyVersions: {
    region: fc.constantFrom(...ranges.regions),
    keyId: fc.constantFrom(...ranges.keyIds),
    version: fc.integer({ min: 1, max: 12 }),
    wrappingKeyId: fc.constantFrom(...ranges.wrappingKeyIds),
    wrappedMaterial: bytes,
  },
  keyUsages: {
    region: fc.constantFrom(...ranges.regions),
    keyId: fc.constantFrom(...ranges.keyIds),
    operation: anyText,
    usedAtMs: time,
  },
  aliases: {
    account: fc.constantFrom(...ranges.accounts),
    region: fc.constantFrom(...ranges.regions),
    name: aliasName,
    keyId: fc.constantFrom(...ranges.keyIds),
  },
  grants: {
    region: fc.constantFrom(...ranges.regions),
    keyId: fc.constantFrom(...ranges.keyIds),
    grantId: fc.stringMatching(/^[0-9a-f]{16}$/),
    grantee: fc.constantFrom(...ranges.principalArns),
    retiring: fc.constantFrom(...ranges.principalArns),
    name: anyText,
  },
  grantNames: {
    region: fc.constantFrom(...ranges.regions),
    keyId: fc.constantFrom(...ranges.keyIds),
    nameDigest: name,
    grantId: name,
  },
  principals: { arn: name, account: fc.constantFrom(...ranges.accounts), name: anyText },
  accessKeys: {
    accessKeyId: name,
    principalArn: fc.constantFrom(...ranges.principalArns),
    wrappingKeyId: fc.constantFrom(...ranges.wrappingKeyIds),
    wrappedSecret: bytes,
    active: fc.boolean(),
  },
  tokens: {
    digest: name,
    principalArn: fc.constantFrom(...ranges.principalArns),
    vaultPolicies: fc.array(anyText, { maxLength: 2 }),
  },
  identityPolicies: { principalArn: fc.constantFrom(...ranges.principalArns), name, document: anyText },
  iamNames: {
    account: fc.constantFrom(...ranges.accounts),
    kind: fc.constantFrom("user", "role", "policy"),
    name,
    arn: anyText,
  },
  managedPolicies: { arn: name, account: fc.constantFrom(...ranges.accounts), attachments: fc.nat() },
  policyVersions: {
    policyArn: fc.constantFrom(...ranges.policyArns),
    version: fc.integer({ min: 1, max: 12 }),
    document: anyText,
  },
  policyAttachments: {
    principalArn: fc.constantFrom(...ranges.principalArns),
    policyArn: fc.constantFrom(...ranges.policyArns),
  },
  oidcProviders: {
    arn: name,
    account: fc.constantFrom(...ranges.accounts),
    clientIds: fc.array(anyText, { maxLength: 2 }),
  },
  mounts: { path: name, description: anyText },
  vaultEntries: {
    area: fc.constantFrom("sys/policy", "kv/1/data"),
    name,
    wrappingKeyId: fc.constantFrom(...ranges.wrappingKeyIds),
    wrappedValue: bytes,
    expiresAtMs: time,
  },
  customKeyStores: {
    account: fc.constantFrom(...ranges.accounts),
    region: fc.constantFrom(...ranges.regions),
    customKeyStoreId: name,
    name: anyText,
    wrappingKeyId: fc.constantFrom(...ranges.wrappingKeyIds),
    wrappedSecret: bytes,
  },
  wrappingKeys: { wrappingKeyId: fc.constantFrom(...ranges.wrappingKeyIds), wrappedKey: bytes, createdAtMs: time },
  settings: { name, value: anyText },
  auditOutbox: { eventId: name, afterSequence: time, eventJson: anyText },
};

/** A row of one table, of any table. */
export interface TableRow {
  readonly table: TableName;
  readonly row: AnyRecord;
}

function rowOf(table: TableName): fc.Arbitrary<TableRow> {
  const members = varying[table] as Readonly<Record<string, fc.Arbitrary<unknown>>>;
  return fc.tuple(fc.record(members), fc.subarray([...optionalMembers[table]])).map(([changes, absent]) => {
    const row: Record<string, unknown> = { ...sampleRecords[table], ...changes };
    for (const member of absent) delete row[member];
    return { table, row };
  });
}

/** A row of any table, with revision 1. */
export const anyRow: fc.Arbitrary<TableRow> = fc.oneof(...tableNames.map(rowOf));

/** A write before it is known what revision it meets. */
export interface PlannedWrite extends TableRow {
  readonly op: "insert" | "update" | "delete";
  /** The stored revision as it is, one that it is not, or any. */
  readonly revision: "current" | "wrong" | "any";
}

/** Writes of one commit. Mostly ones that succeed, so that rows gather. */
const plannedCommit: fc.Arbitrary<readonly PlannedWrite[]> = fc.array(
  fc
    .record({
      target: anyRow,
      op: fc.constantFrom("insert", "insert", "insert", "update", "delete"),
      revision: fc.constantFrom("current", "current", "current", "any", "wrong"),
    })
    .map(({ target, op, revision }) => ({ ...target, op, revision }) as PlannedWrite),
  { minLength: 1, maxLength: 4 },
);

/** Rounds of commits that are all under way at once. */
export const plannedRounds: fc.Arbitrary<readonly (readonly (readonly PlannedWrite[])[])[]> = fc.array(
  fc.array(plannedCommit, { minLength: 1, maxLength: 4 }),
  { minLength: 1, maxLength: 12 },
);

/** The write that a plan comes to where the model stands. */
export function settlePlan(model: StoreModel, { table, row, op, revision }: PlannedWrite): Write {
  if (op === "insert") return { op, table, row } as unknown as Write;
  const key = keyOf(table, row as unknown as Tables[typeof table]);
  const stored = model.get(table, key)?.revision ?? 1;
  const met = revision === "wrong" ? stored + 1 : stored;
  if (op === "update") return { op, table, row: { ...row, revision: met + 1 } } as unknown as Write;
  return { op, table, key, revision: revision === "any" ? "any" : met } as unknown as Write;
}
