import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Store, TokenRecord, VaultEntryRecord } from "@coffer/service";
import { plainRow, sampleRecords } from "./store-records.ts";

function entry(area: string, name: string, more: Partial<VaultEntryRecord> = {}): VaultEntryRecord {
  const { expiresAtMs: _, ...sample } = sampleRecords.vaultEntries;
  return { ...sample, area, name, ...more };
}

function token(letter: string, more: Partial<TokenRecord>): TokenRecord {
  const { parentDigest: _, expiresAtMs: __, leaseId: ___, ...sample } = sampleRecords.tokens;
  return { ...sample, digest: letter.repeat(64), accessor: `accessor-${letter}`, ...more };
}

async function withRows(open: () => Promise<Store>, check: (store: Store) => Promise<void>): Promise<void> {
  const store = await open();
  try {
    const entries = [
      entry("a", "dir/one"),
      entry("a", "dir/two", { expiresAtMs: 20 }),
      entry("a", "dir", { expiresAtMs: 10 }),
      entry("b", "dir/one", { wrappingKeyId: "wrapping-2" }),
    ];
    const tokens = [
      token("1", {}),
      token("3", { parentDigest: "1".repeat(64), leaseId: "b/h1", expiresAtMs: 30 }),
      token("2", { parentDigest: "1".repeat(64), leaseId: "a/h2", expiresAtMs: 40 }),
      token("4", { parentDigest: "2".repeat(64) }),
    ];
    await store.commit([
      ...entries.map((row) => ({ op: "insert", table: "vaultEntries", row }) as const),
      ...tokens.map((row) => ({ op: "insert", table: "tokens", row }) as const),
    ]);
    await check(store);
  } finally {
    await store.close();
  }
}

/** The listings of Vault's records and tokens. */
export function describeVaultListings(open: () => Promise<Store>): void {
  describe("listings for the Vault API", () => {
    it("give an area's entries by name, from a cursor", () =>
      withRows(open, async (store) => {
        const names = async (after: string | undefined, limit: number) =>
          (await store.listVaultEntries("a", after, limit)).map(({ name }) => name);
        assert.deepEqual(await names(undefined, 9), ["dir", "dir/one", "dir/two"]);
        assert.deepEqual(await names("dir/", 1), ["dir/one"]);
        assert.deepEqual(await names("dir/two", 9), []);
        const [found] = await store.listVaultEntries("b", undefined, 9);
        assert.ok(found !== undefined);
        assert.deepEqual(plainRow(found), entry("b", "dir/one", { wrappingKeyId: "wrapping-2" }));
      }));
    it("give the first entries of the areas that begin so", () =>
      withRows(open, async (store) => {
        await store.commit([
          { op: "insert", table: "vaultEntries", row: entry("a/x", "one") },
          { op: "insert", table: "vaultEntries", row: entry("a/y", "one") },
          { op: "insert", table: "vaultEntries", row: entry("a0", "one") },
        ]);
        const places = async (prefix: string, limit: number) =>
          (await store.listVaultEntriesUnder(prefix, limit)).map(({ area, name }) => `${area} ${name}`);
        assert.deepEqual(await places("a/", 9), ["a/x one", "a/y one"]);
        assert.deepEqual(await places("a/", 1), ["a/x one"]);
        assert.equal((await places("a", 9)).length, 6);
        assert.deepEqual(await places("c", 9), []);
      }));
    it("give expired entries, and those of a wrapping key", () =>
      withRows(open, async (store) => {
        const expired = async (atMs: number, limit: number) =>
          (await store.listExpiredVaultEntries(atMs, limit)).map(({ name }) => name);
        assert.deepEqual(await expired(9, 9), []);
        assert.deepEqual(await expired(10, 9), ["dir"]);
        assert.deepEqual(await expired(20, 9), ["dir", "dir/two"]);
        assert.deepEqual(await expired(20, 1), ["dir"]);
        assert.deepEqual(
          (await store.listVaultEntriesWrappedBy("wrapping-2", 9)).map(({ area }) => area),
          ["b"],
        );
        assert.equal((await store.listVaultEntriesWrappedBy("wrapping-1", 2)).length, 2);
      }));
    it("give tokens by accessor, parent and expiry", () =>
      withRows(open, async (store) => {
        const letters = (tokens: readonly TokenRecord[]) => tokens.map(({ digest }) => digest[0]).join("");
        assert.equal((await store.findTokenByAccessor("accessor-3"))?.digest, "3".repeat(64));
        assert.equal(await store.findTokenByAccessor("accessor-9"), undefined);
        assert.equal(letters(await store.listTokensByAccessor(undefined, 9)), "1234");
        assert.equal(letters(await store.listTokensByAccessor("accessor-2", 1)), "3");
        assert.equal(letters(await store.listChildTokens("1".repeat(64), undefined, 9)), "23");
        assert.equal(letters(await store.listChildTokens("1".repeat(64), "2".repeat(64), 9)), "3");
        assert.equal((await store.findTokenByLease("b/h1"))?.digest, "3".repeat(64));
        assert.equal(await store.findTokenByLease("b/h"), undefined);
        assert.equal(letters(await store.listTokensByLease(undefined, 9)), "23");
        assert.equal(letters(await store.listTokensByLease("a/h2", 9)), "3");
        assert.equal(letters(await store.listExpiredTokens(29, 9)), "");
        assert.equal(letters(await store.listExpiredTokens(40, 9)), "32");
      }));
  });
}
