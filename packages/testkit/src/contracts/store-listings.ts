import assert from "node:assert/strict";
import type { KeyRecord, Store, TableName, Tables } from "@coffer/service";
import { grantListings } from "./store-grant-listings.ts";
import { compareText, type StoreModel } from "./store-model.ts";
import { plainRow } from "./store-records.ts";

/** The values that the rows of a test range over. */
export interface Ranges {
  readonly accounts: readonly string[];
  readonly regions: readonly string[];
  readonly keyIds: readonly string[];
  readonly principalArns: readonly string[];
  readonly policyArns: readonly string[];
  readonly wrappingKeyIds: readonly string[];
  readonly customKeyStoreIds: readonly string[];
  readonly aliasPrefixes: readonly string[];
  readonly dueAtMs: readonly number[];
}

/** One listing of the port with fixed arguments: what a store gives, and what it should. */
export interface Listing {
  readonly name: string;
  /** All rows, fetched page by page. */
  collect(store: Store, limit: number): Promise<readonly object[]>;
  expected(model: StoreModel): readonly object[];
}

/** Fetches every page. Each is full but the last, which is not. */
export async function collectPages<R extends object, C>(
  limit: number,
  fetch: (after: C | undefined) => Promise<readonly R[]>,
  cursor: (row: R) => C,
): Promise<readonly R[]> {
  const rows: R[] = [];
  let after: C | undefined;
  for (;;) {
    const page = await fetch(after);
    assert.ok(page.length <= limit, "a page has at most `limit` rows");
    rows.push(...page.map(plainRow));
    const last = page.at(-1);
    if (last === undefined || page.length < limit) return rows;
    after = cursor(last);
  }
}

/** A listing of one table, with a text cursor. */
export function textListing<T extends TableName>(
  name: string,
  table: T,
  cursor: (row: Tables[T]) => string,
  matches: (row: Tables[T]) => boolean,
  fetch: (store: Store, after: string | undefined, limit: number) => Promise<readonly Tables[T][]>,
): Listing {
  return {
    name,
    collect: (store, limit) => collectPages(limit, (after: string | undefined) => fetch(store, after, limit), cursor),
    expected: (model) =>
      model
        .rows(table)
        .filter(matches)
        .sort((left, right) => compareText(cursor(left), cursor(right))),
  };
}

/** Every listing of the port but those of grants, over all combinations of the ranges. */
function allListings(ranges: Ranges): readonly Listing[] {
  const listings = [
    textListing(
      "listMounts",
      "mounts",
      (row) => row.path,
      () => true,
      (store, after, limit) => store.listMounts(after, limit),
    ),
    textListing(
      "listAuditOutbox",
      "auditOutbox",
      (row) => row.eventId,
      () => true,
      (store, after, limit) => store.listAuditOutbox(after, limit),
    ),
    ...ranges.accounts.map((account) =>
      textListing(
        `listPrincipals of ${account}`,
        "principals",
        (row) => row.arn,
        (row) => row.account === account,
        (store, after, limit) => store.listPrincipals(account, after, limit),
      ),
    ),
    ...ranges.accounts.flatMap(accountListings),
    ...ranges.principalArns.flatMap(principalListings),
    ...ranges.policyArns.flatMap(policyListings),
  ];
  for (const account of ranges.accounts) {
    for (const region of ranges.regions) listings.push(...regionListings(account, region, ranges));
  }
  return listings;
}

function accountListings(account: string): readonly Listing[] {
  return [
    ...(["user", "role", "policy"] as const).map((kind) =>
      textListing(
        `listIamNames of ${account} ${kind}`,
        "iamNames",
        (row) => row.name,
        (row) => row.account === account && row.kind === kind,
        (store, after, limit) => store.listIamNames(account, kind, after, limit),
      ),
    ),
    textListing(
      `listOidcProviders of ${account}`,
      "oidcProviders",
      (row) => row.arn,
      (row) => row.account === account,
      (store, after, limit) => store.listOidcProviders(account, after, limit),
    ),
  ];
}

function policyListings(policyArn: string): readonly Listing[] {
  return [
    textListing(
      `listPolicyAttachments of ${policyArn}`,
      "policyAttachments",
      (row) => row.principalArn,
      (row) => row.policyArn === policyArn,
      (store, after, limit) => store.listPolicyAttachments(policyArn, after, limit),
    ),
    {
      name: `listPolicyVersions of ${policyArn}`,
      collect: (store, limit) =>
        collectPages(
          limit,
          (after: number | undefined) => store.listPolicyVersions(policyArn, after ?? 0, limit),
          (row) => row.version,
        ),
      expected: (model) =>
        model
          .rows("policyVersions")
          .filter((row) => row.policyArn === policyArn)
          .sort((left, right) => left.version - right.version),
    },
  ];
}

function principalListings(arn: string): readonly Listing[] {
  return [
    textListing(
      `listAttachedPolicies of ${arn}`,
      "policyAttachments",
      (row) => row.policyArn,
      (row) => row.principalArn === arn,
      (store, after, limit) => store.listAttachedPolicies(arn, after, limit),
    ),
    textListing(
      `listAccessKeys of ${arn}`,
      "accessKeys",
      (row) => row.accessKeyId,
      (row) => row.principalArn === arn,
      (store, after, limit) => store.listAccessKeys(arn, after, limit),
    ),
    textListing(
      `listTokens of ${arn}`,
      "tokens",
      (row) => row.digest,
      (row) => row.principalArn === arn,
      (store, after, limit) => store.listTokens(arn, after, limit),
    ),
    textListing(
      `listIdentityPolicies of ${arn}`,
      "identityPolicies",
      (row) => row.name,
      (row) => row.principalArn === arn,
      (store, after, limit) => store.listIdentityPolicies(arn, after, limit),
    ),
  ];
}

function regionListings(account: string, region: string, ranges: Ranges): readonly Listing[] {
  const here = (row: { account: string; region: string }) => row.account === account && row.region === region;
  return [
    textListing(
      `listKeys of ${account} ${region}`,
      "keys",
      (row) => row.keyId,
      here,
      (store, after, limit) => store.listKeys(account, region, after, limit),
    ),
    ...ranges.aliasPrefixes.map((prefix) =>
      textListing(
        `listAliases of ${account} ${region} with ${JSON.stringify(prefix)}`,
        "aliases",
        (row) => row.name,
        (row) => here(row) && row.name.startsWith(prefix),
        (store, after, limit) => store.listAliases(account, region, prefix, after, limit),
      ),
    ),
    ...ranges.keyIds.map((keyId) =>
      textListing(
        `listKeyAliases of ${account} ${region} ${keyId}`,
        "aliases",
        (row) => row.name,
        (row) => here(row) && row.keyId === keyId,
        (store, after, limit) => store.listKeyAliases(account, region, keyId, after, limit),
      ),
    ),
    ...ranges.keyIds.map((keyId) => versionListing(region, keyId)),
    textListing(
      `listCustomKeyStores of ${account} ${region}`,
      "customKeyStores",
      (row) => row.customKeyStoreId,
      here,
      (store, after, limit) => store.listCustomKeyStores(account, region, after, limit),
    ),
  ];
}

function versionListing(region: string, keyId: string): Listing {
  return {
    name: `listKeyVersions of ${region} ${keyId}`,
    collect: (store, limit) =>
      collectPages(
        limit,
        (after: number | undefined) => store.listKeyVersions(region, keyId, after ?? 0, limit),
        (row) => row.version,
      ),
    expected: (model) =>
      model
        .rows("keyVersions")
        .filter((row) => row.region === region && row.keyId === keyId)
        .sort((left, right) => left.version - right.version),
  };
}

/** Checks every read of a store against the model: each row, each listing in pages of `limit`, and the due keys. */
export async function checkReads(store: Store, model: StoreModel, ranges: Ranges, limit: number): Promise<void> {
  for (const listing of [...allListings(ranges), ...grantListings(ranges)]) {
    assert.deepEqual(await listing.collect(store, limit), listing.expected(model), listing.name);
  }
  for (const grant of model.rows("grants")) {
    assert.deepEqual(await store.findGrant(grant.region, grant.keyId, grant.grantId), grant);
    assert.equal(await store.findGrant(grant.region, `${grant.keyId}0`, grant.grantId), undefined);
  }
  await checkWrappedBy(store, model, ranges, limit);
  await checkKeysInStore(store, model, ranges, limit);
  const due = model.rows("keys").filter((row): row is KeyRecord & { dueAtMs: number } => row.dueAtMs !== undefined);
  const times = due.map((row) => row.dueAtMs).sort((left, right) => left - right);
  assert.equal(await store.nextDueAtMs(), times[0]);
  for (const dueAtMs of ranges.dueAtMs) {
    const page = await store.listDueKeys(dueAtMs, limit);
    const expected = times.filter((time) => time <= dueAtMs).slice(0, limit);
    assert.deepEqual(
      page.map((row) => row.dueAtMs),
      expected,
      `listDueKeys at ${dueAtMs}`,
    );
    for (const row of page) assert.deepEqual(row, model.get("keys", row));
  }
}

/** Two keys may have one external key id here: which of them comes first is not told. */
async function checkKeysInStore(store: Store, model: StoreModel, ranges: Ranges, limit: number): Promise<void> {
  for (const region of ranges.regions) {
    for (const customKeyStoreId of ranges.customKeyStoreIds) {
      for (const from of ["", "A", "a", "b", "\u{ffff}"]) {
        const expected = model
          .rows("keys")
          .filter((row) => row.region === region && row.customKeyStoreId === customKeyStoreId)
          .map((row) => row.xksKeyId)
          .filter((id) => id !== undefined)
          .filter((id) => compareText(id, from) >= 0)
          .sort(compareText)
          .slice(0, limit);
        const page = await store.listKeysInStore(region, customKeyStoreId, from, limit);
        assert.deepEqual(
          page.map((row) => row.xksKeyId),
          expected,
          `listKeysInStore of ${region} ${customKeyStoreId} from ${from}`,
        );
        for (const row of page) assert.deepEqual(row, model.get("keys", row));
      }
    }
  }
}

/** These listings promise no order: callers rewrap what they get and ask again. */
async function checkWrappedBy(store: Store, model: StoreModel, ranges: Ranges, limit: number): Promise<void> {
  const wrappingKeys = await store.listWrappingKeys();
  const ages = wrappingKeys.map((row) => row.createdAtMs);
  assert.deepEqual(
    ages,
    ages.toSorted((left, right) => left - right),
    "wrapping keys come oldest first",
  );
  const byId = new Map(wrappingKeys.map((row) => [row.wrappingKeyId, plainRow(row)]));
  assert.deepEqual(byId, new Map(model.rows("wrappingKeys").map((row) => [row.wrappingKeyId, row])));
  for (const wrappingKeyId of ranges.wrappingKeyIds) {
    const versions = model.rows("keyVersions").filter((row) => row.wrappingKeyId === wrappingKeyId);
    const versionPage = await store.listKeyVersionsWrappedBy(wrappingKeyId, limit);
    assert.equal(versionPage.length, Math.min(limit, versions.length));
    for (const row of versionPage) {
      assert.equal(row.wrappingKeyId, wrappingKeyId);
      assert.deepEqual(plainRow(row), model.get("keyVersions", row));
    }
    const accessKeys = model.rows("accessKeys").filter((row) => row.wrappingKeyId === wrappingKeyId);
    const accessKeyPage = await store.listAccessKeysWrappedBy(wrappingKeyId, limit);
    assert.equal(accessKeyPage.length, Math.min(limit, accessKeys.length));
    for (const row of accessKeyPage) {
      assert.equal(row.wrappingKeyId, wrappingKeyId);
      assert.deepEqual(plainRow(row), model.get("accessKeys", row));
    }
    const keyStores = model.rows("customKeyStores").filter((row) => row.wrappingKeyId === wrappingKeyId);
    const keyStorePage = await store.listCustomKeyStoresWrappedBy(wrappingKeyId, limit);
    assert.equal(keyStorePage.length, Math.min(limit, keyStores.length));
    for (const row of keyStorePage) {
      assert.equal(row.wrappingKeyId, wrappingKeyId);
      assert.deepEqual(plainRow(row), model.get("customKeyStores", row));
    }
  }
}
