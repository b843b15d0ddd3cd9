import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { limits } from "../limits.ts";
import { StoreConflict } from "../ports/store.ts";
import { CoreTest } from "../testing/core-test.ts";

describe("records of the Vault API", () => {
  let t: CoreTest;

  before(async () => {
    t = await CoreTest.open();
  });
  after(() => t.close());

  it("are kept wrapped, and come back as they were", async () => {
    const { vaultEntries: entries, store } = t.core;
    const value = { secret: "plainly-visible", list: [1, null] };
    await t.core.commit([entries.insert("a", "one", value)]);
    const found = await entries.get("a", "one");
    assert.deepEqual(found, { area: "a", name: "one", value, revision: 1 });
    const stored = await store.get("vaultEntries", { area: "a", name: "one" });
    assert.ok(!Buffer.from(stored!.wrappedValue).toString("latin1").includes("plainly-visible"));
  });

  it("do not open in another place", async () => {
    const { vaultEntries: entries, store } = t.core;
    const stored = await store.get("vaultEntries", { area: "a", name: "one" });
    await store.commit([{ op: "insert", table: "vaultEntries", row: { ...stored!, name: "two" } }]);
    await assert.rejects(entries.get("a", "two"), { name: "InvariantError" });
  });

  it("change on the revision that was read", async () => {
    const { vaultEntries: entries } = t.core;
    const found = await entries.get("a", "one");
    await t.core.commit([entries.update(found!, 2)]);
    await assert.rejects(t.core.commit([entries.update(found!, 3)]), StoreConflict);
    await assert.rejects(t.core.commit([entries.delete(found!)]), StoreConflict);
    await assert.rejects(t.core.commit([entries.insert("a", "one", 4)]), StoreConflict);
    assert.equal((await entries.get("a", "one"))?.value, 2);
  });

  it("are gone when their time is over, and can be made again", async () => {
    const { vaultEntries: entries, clock } = t.core;
    await t.core.commit([entries.insert("e", "brief", 1, clock.nowMs() + 1000)]);
    assert.equal((await entries.get("e", "brief"))?.value, 1);
    t.test.clock.advance(1000);
    assert.equal(await entries.get("e", "brief"), undefined);
    assert.deepEqual(await entries.page("e", undefined, 10), []);
    assert.deepEqual(await entries.list("e", "", undefined, 10), { names: [], more: false });
    await t.core.commit([...entries.replace("e", "brief", 2)]);
    assert.equal((await entries.get("e", "brief"))?.value, 2);
  });

  it("are listed folder by folder, each folder once however full it is", async () => {
    const { vaultEntries: entries } = t.core;
    const many = Array.from({ length: limits.pageItems.value + 5 }, (_, index) => `f/deep/${index}`);
    for (let from = 0; from < many.length; from += 500) {
      await t.core.commit(many.slice(from, from + 500).map((name) => entries.insert("l", name, 0)));
    }
    await t.core.commit(["f", "f/one", "g", "f/deeper", "a/b/c"].map((name) => entries.insert("l", name, 0)));
    const list = (folder: string, after?: string, limit = 10) => entries.list("l", folder, after, limit);
    assert.deepEqual(await list(""), { names: ["a/", "f", "f/", "g"], more: false });
    assert.deepEqual(await list("f/"), { names: ["deep/", "deeper", "one"], more: false });
    assert.deepEqual(await list("f/", "deep/"), { names: ["deeper", "one"], more: false });
    assert.deepEqual(await list("", undefined, 2), { names: ["a/", "f"], more: true });
    assert.deepEqual(await list("", "f", 1), { names: ["f/"], more: true });
    assert.deepEqual(await list("nothing/"), { names: [], more: false });
  });
});
