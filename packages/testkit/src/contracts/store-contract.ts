import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type KeyRecord, type Store, StoreConflict, type TableName, type Tables, type Write } from "@coffer/service";
import fc from "fast-check";
import { anyRow, plannedRounds, ranges, settlePlan } from "./store-arbitraries.ts";
import { checkReads, collectPages } from "./store-listings.ts";
import { type ExpectedConflict, StoreModel } from "./store-model.ts";
import { keyOf, optionalMembers, plainRow, sampleRecords, tableNames } from "./store-records.ts";
import { describeVaultListings } from "./store-vault-listings.ts";

/** Opens a new, empty store. The suite closes it. */
export type OpenStore = () => Promise<Store>;

/** Registers the contract of the `Store` port with `node:test`, for one implementation. */
export function describeStoreContract(name: string, open: OpenStore): void {
  describe(`the store contract: ${name}`, () => {
    for (const table of tableNames) describeTable(table, open);
    describeCommits(open);
    describeListings(open);
    describeVaultListings(open);
    describeClosing(open);
    it("does what a plain model does, for random writes", async () => {
      await fc.assert(
        fc.asyncProperty(plannedRounds, fc.integer({ min: 1, max: 5 }), async (rounds, limit) => {
          await withStore(open, async (store) => {
            const model = new StoreModel();
            for (const round of rounds) await runRound(store, model, round);
            await checkReads(store, model, ranges, limit);
          });
        }),
        { numRuns: 60 },
      );
    });
  });
}

/** Starts all commits of a round at once; they take effect in the order in which they were started. */
async function runRound(
  store: Store,
  model: StoreModel,
  round: readonly (readonly Parameters<typeof settlePlan>[1][])[],
): Promise<void> {
  const expected: (ExpectedConflict | undefined)[] = [];
  const running: Promise<void>[] = [];
  for (const plan of round) {
    const writes = plan.map((planned) => settlePlan(model, planned));
    expected.push(model.commit(writes));
    running.push(store.commit(writes));
  }
  const outcomes = await Promise.allSettled(running);
  assert.deepEqual(outcomes.map(conflictOf), expected);
}

function conflictOf(outcome: PromiseSettledResult<void>): ExpectedConflict | undefined {
  if (outcome.status === "fulfilled") return undefined;
  if (!(outcome.reason instanceof StoreConflict)) throw outcome.reason;
  return { kind: outcome.reason.kind, table: outcome.reason.table };
}

async function withStore(open: OpenStore, use: (store: Store) => Promise<void>): Promise<void> {
  const store = await open();
  try {
    await use(store);
  } finally {
    await store.close();
  }
}

function storeTest(name: string, open: OpenStore, use: (store: Store) => Promise<void>): void {
  it(name, () => withStore(open, use));
}

function conflict(kind: "exists" | "stale", table: TableName): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StoreConflict, `a StoreConflict, not ${String(error)}`);
    assert.deepEqual({ kind: error.kind, table: error.table }, { kind, table });
    return true;
  };
}

async function stored<T extends TableName>(store: Store, table: T, row: Tables[T]): Promise<Tables[T] | undefined> {
  const found = await store.get(table, keyOf(table, row));
  return found === undefined ? undefined : plainRow(found);
}

// The union of a table's name and its row is lost in a generic function; these put it together again.
function insert<T extends TableName>(table: T, row: Tables[T]): Write {
  return { op: "insert", table, row } as unknown as Write;
}
function update<T extends TableName>(table: T, row: Tables[T]): Write {
  return { op: "update", table, row } as unknown as Write;
}
function remove<T extends TableName>(table: T, row: Tables[T], revision: number | "any"): Write {
  return { op: "delete", table, key: keyOf(table, row), revision } as unknown as Write;
}

function describeTable<T extends TableName>(table: T, open: OpenStore): void {
  describe(`table ${table}`, () => {
    const row: Tables[T] = sampleRecords[table];
    const changed: Tables[T] = { ...row, revision: 2 };

    storeTest("gives back a row as it was inserted", open, async (store) => {
      assert.equal(await stored(store, table, row), undefined);
      await store.commit([insert(table, row)]);
      assert.deepEqual(await stored(store, table, row), row);
    });
    storeTest("leaves out absent members", open, async (store) => {
      const sparse = Object.fromEntries(
        Object.entries(row).filter(([member]) => !(optionalMembers[table] as readonly string[]).includes(member)),
      ) as unknown as Tables[T];
      await store.commit([insert(table, sparse)]);
      assert.deepEqual(await stored(store, table, row), sparse);
    });
    storeTest("refuses to insert a row that exists", open, async (store) => {
      await store.commit([insert(table, row)]);
      await assert.rejects(store.commit([insert(table, row)]), conflict("exists", table));
    });
    storeTest("refuses to insert another revision than 1", open, async (store) => {
      await assert.rejects(store.commit([insert(table, changed)]), { name: "InvariantError" });
      assert.equal(await stored(store, table, row), undefined);
    });
    storeTest("replaces a row by its next revision", open, async (store) => {
      await store.commit([insert(table, row)]);
      await store.commit([update(table, changed)]);
      assert.deepEqual(await stored(store, table, row), changed);
    });
    storeTest("refuses to replace a row that is gone or has another revision", open, async (store) => {
      await assert.rejects(store.commit([update(table, changed)]), conflict("stale", table));
      await store.commit([insert(table, row)]);
      for (const revision of [1, 3]) {
        await assert.rejects(store.commit([update(table, { ...row, revision })]), conflict("stale", table));
      }
      assert.deepEqual(await stored(store, table, row), row);
    });
    storeTest("deletes a row of the revision given only", open, async (store) => {
      await store.commit([insert(table, row)]);
      await assert.rejects(store.commit([remove(table, row, 2)]), conflict("stale", table));
      assert.deepEqual(await stored(store, table, row), row);
      await store.commit([remove(table, row, 1)]);
      assert.equal(await stored(store, table, row), undefined);
      await assert.rejects(store.commit([remove(table, row, 1)]), conflict("stale", table));
    });
    storeTest("deletes a row of any revision, and none", open, async (store) => {
      await store.commit([insert(table, row)]);
      await store.commit([update(table, changed)]);
      await store.commit([remove(table, row, "any")]);
      assert.equal(await stored(store, table, row), undefined);
      await store.commit([remove(table, row, "any")]);
    });
  });
}

function describeCommits(open: OpenStore): void {
  const { keys: key, aliases: alias, settings: setting } = sampleRecords;
  describe("commits", () => {
    storeTest("change nothing when one of their writes conflicts", open, async (store) => {
      await store.commit([insert("settings", setting)]);
      const writes = [
        insert("keys", key),
        insert("aliases", alias),
        remove("settings", setting, 1),
        update("mounts", { ...sampleRecords.mounts, revision: 2 }),
      ];
      await assert.rejects(store.commit(writes), conflict("stale", "mounts"));
      assert.equal(await stored(store, "keys", key), undefined);
      assert.equal(await stored(store, "aliases", alias), undefined);
      assert.deepEqual(await stored(store, "settings", setting), setting);
    });
    storeTest("see their own earlier writes", open, async (store) => {
      const second = { ...setting, value: "second", revision: 2 };
      await store.commit([insert("settings", setting), update("settings", second)]);
      assert.deepEqual(await stored(store, "settings", setting), second);
      await store.commit([remove("settings", setting, 2), insert("settings", setting)]);
      assert.deepEqual(await stored(store, "settings", setting), setting);
    });
    storeTest("that run at once succeed and fail each for itself", open, async (store) => {
      const others = ["a", "b", "c"].map((name) => ({ ...setting, name }));
      const outcomes = await Promise.allSettled([
        store.commit(others.slice(0, 1).map((row) => insert("settings", row))),
        store.commit([insert("aliases", alias), ...others.slice(0, 2).map((row) => insert("settings", row))]),
        store.commit(others.slice(2).map((row) => insert("settings", row))),
      ]);
      assert.deepEqual(outcomes.map(conflictOf), [undefined, { kind: "exists", table: "settings" }, undefined]);
      const found = await Promise.all(others.map((row) => stored(store, "settings", row)));
      assert.deepEqual(found, [others[0], undefined, others[2]]);
      assert.equal(await stored(store, "aliases", alias), undefined);
    });
    storeTest("of one row at once are won by one", open, async (store) => {
      await store.commit([insert("settings", setting)]);
      const outcomes = await Promise.allSettled(
        ["x", "y", "z"].map((value) => store.commit([update("settings", { ...setting, value, revision: 2 })])),
      );
      const stale = { kind: "stale", table: "settings" };
      assert.deepEqual(outcomes.map(conflictOf), [undefined, stale, stale]);
      assert.equal((await stored(store, "settings", setting))?.value, "x");
    });
    storeTest("keep the values that they were given", open, async (store) => {
      const wrappedKey = Uint8Array.of(1, 2, 3);
      const row = { ...sampleRecords.wrappingKeys, wrappedKey };
      const committed = store.commit([insert("wrappingKeys", row)]);
      wrappedKey.fill(0);
      await committed;
      assert.deepEqual((await stored(store, "wrappingKeys", row))?.wrappedKey, Uint8Array.of(1, 2, 3));
    });
    storeTest("of nothing are answered", open, (store) => store.commit([]));
  });
}

function describeListings(open: OpenStore): void {
  const { keys: key, aliases: alias } = sampleRecords;
  describe("listings", () => {
    it("give the whole sorted list in pages of any size", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyRow, { maxLength: 60 }), fc.integer({ min: 1, max: 70 }), async (rows, limit) => {
          await withStore(open, async (store) => {
            const model = new StoreModel();
            for (const { table, row } of rows) {
              const write = { op: "insert", table, row } as unknown as Write;
              if (model.commit([write]) === undefined) await store.commit([write]);
            }
            await checkReads(store, model, ranges, limit);
          });
        }),
        { numRuns: 30 },
      );
    });
    storeTest("tell whether an account and region has so many keys, and a key so many grants", open, async (store) => {
      const { account, region } = key;
      const has = (count: number) => store.hasKeys(account, region, count);
      assert.equal(await has(1), false);
      await store.commit(["a", "b", "c"].map((keyId) => insert("keys", { ...key, keyId })));
      await store.commit([insert("keys", { ...key, keyId: "d", region: "xx-other-1" })]);
      assert.deepEqual([await has(1), await has(3), await has(4)], [true, true, false]);
      assert.equal(await store.hasGrants(region, "a", 1), false);
      await store.commit([insert("grants", { ...sampleRecords.grants, region, keyId: "a" })]);
      assert.deepEqual([await store.hasGrants(region, "a", 1), await store.hasGrants(region, "a", 2)], [true, false]);
      assert.equal(await store.hasGrants(region, "b", 1), false);
    });
    storeTest("take wildcards in an alias prefix as themselves", open, async (store) => {
      const names = ["alias/%", "alias/%a", "alias/_", "alias/_a", "alias/\\", "alias/a", "alias/aa", "alias0", "alia"];
      await store.commit(names.map((name) => insert("aliases", { ...alias, name })));
      const listed = async (prefix: string) =>
        (await store.listAliases(alias.account, alias.region, prefix, undefined, 100)).map(({ name }) => name);
      assert.deepEqual(await listed("alias/%"), ["alias/%", "alias/%a"]);
      assert.deepEqual(await listed("alias/_"), ["alias/_", "alias/_a"]);
      assert.deepEqual(await listed("alias/\\"), ["alias/\\"]);
      assert.deepEqual(await listed("alias/a"), ["alias/a", "alias/aa"]);
      assert.deepEqual(await listed("alias/z"), []);
      assert.equal((await listed("")).length, names.length);
    });
    storeTest(
      "start at the prefix when the cursor lies before it, and end when it lies behind",
      open,
      async (store) => {
        const names = ["alias/a", "alias/b", "alias/b1", "alias/c"];
        await store.commit(names.map((name) => insert("aliases", { ...alias, name })));
        const listed = async (after: string) =>
          (await store.listAliases(alias.account, alias.region, "alias/b", after, 100)).map(({ name }) => name);
        assert.deepEqual(await listed("alias/a"), ["alias/b", "alias/b1"]);
        assert.deepEqual(await listed("alias/b"), ["alias/b1"]);
        assert.deepEqual(await listed("alias/c"), []);
      },
    );
    storeTest("of due keys are ordered by time and forget what is not due any more", open, async (store) => {
      const due: KeyRecord[] = [30, 10, 20].map((dueAtMs) => ({ ...key, keyId: `key-${dueAtMs}`, dueAtMs }));
      const { dueAtMs: _, ...never } = { ...key, keyId: "key-never" };
      assert.equal(await store.nextDueAtMs(), undefined);
      await store.commit([...due, never].map((row) => insert("keys", row)));
      const listed = async (dueAtMs: number, limit: number) =>
        (await store.listDueKeys(dueAtMs, limit)).map((row) => row.keyId);
      assert.equal(await store.nextDueAtMs(), 10);
      assert.deepEqual(await listed(9, 100), []);
      assert.deepEqual(await listed(20, 100), ["key-10", "key-20"]);
      assert.deepEqual(await listed(30, 2), ["key-10", "key-20"]);
      await store.commit([update("keys", { ...never, keyId: "key-10", revision: 2 })]);
      assert.equal(await store.nextDueAtMs(), 20);
      assert.deepEqual(await listed(30, 100), ["key-20", "key-30"]);
    });
    storeTest("of key versions go by number, not by text", open, async (store) => {
      const rows = [9, 10, 100, 11, 1].map((version) => ({ ...sampleRecords.keyVersions, version }));
      await store.commit(rows.map((row) => insert("keyVersions", row)));
      const pages = await collectPages(
        2,
        (after: number | undefined) => store.listKeyVersions(key.region, key.keyId, after ?? 0, 2),
        (row) => row.version,
      );
      assert.deepEqual(
        pages.map(({ version }) => version),
        [1, 9, 10, 11, 100],
      );
    });
    storeTest("refuse a limit that is no whole number", open, async (store) => {
      for (const limit of [-1, 1.5, Number.NaN]) {
        await assert.rejects(store.listMounts(undefined, limit), { name: "InvariantError" });
      }
      assert.deepEqual(await store.listMounts(undefined, 0), []);
    });
  });
}

function describeClosing(open: OpenStore): void {
  it("answers waiting commits when it closes, refuses work afterwards and closes once", async () => {
    const store = await open();
    const waiting = store.commit([insert("settings", sampleRecords.settings)]);
    await store.close();
    await waiting;
    await assert.rejects(store.get("settings", { name: "instance" }), /closed/);
    await assert.rejects(store.listMounts(undefined, 1), /closed/);
    await assert.rejects(store.commit([]), /closed/);
    await store.close();
  });
}
