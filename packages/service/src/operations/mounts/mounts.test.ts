import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { limits } from "../../limits.ts";
import { mountArea } from "../../mounts/mount-areas.ts";
import { allow, CoreTest } from "../../testing/core-test.ts";
import { disableMount, enableMount, listMounts } from "./mount-operations.ts";
import { findMount } from "./visible-mounts.ts";

describe("mounts", () => {
  let t: CoreTest;

  beforeEach(async () => {
    t = await CoreTest.open();
  });
  afterEach(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  const paths = async () =>
    (await t.run(listMounts, null)).mounts.filter(({ revision }) => revision > 0).map(({ path }) => path);

  it("are enabled, found, listed by path and disabled, from the next request on", async () => {
    assert.equal((await t.run(findMount, { path: "transit/keys" })).mount, undefined);
    const { mount } = await t.run(enableMount, { path: "transit", type: "transit", description: "d" });
    assert.match(mount.accessor, /^transit_[0-9a-f]{8}$/);
    assert.deepEqual((await t.run(findMount, { path: "transit/keys" })).mount, mount);
    await t.run(enableMount, { path: "a/b", type: "transit" });
    assert.deepEqual(await paths(), ["a/b", "transit"]);
    await t.run(disableMount, { path: "transit" });
    await t.run(disableMount, { path: "transit" });
    assert.equal((await t.run(findMount, { path: "transit/keys" })).mount, undefined);
    assert.deepEqual(await paths(), ["a/b"]);
  });

  it("never lie on one another, also when they come at once", async () => {
    const wanted = ["a", "a", "a/b", "a/b/c", "ab", "b/c", "b", "b/cd"];
    const results = await Promise.allSettled(wanted.map((path) => t.run(enableMount, { path, type: "transit" })));
    const enabled = await paths();
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, enabled.length);
    for (const result of results) {
      if (result.status === "rejected") assert.equal(result.reason.code, "AlreadyExists");
    }
    for (const one of enabled) {
      for (const other of enabled) assert.ok(one === other || !`${other}/`.startsWith(`${one}/`), `${one} ${other}`);
    }
    assert.ok(enabled.includes("ab") && enabled.length >= 3);
  });

  it("are so many at most, also when they come at once", async () => {
    const max = limits.mounts.value;
    const row = (index: number) => ({
      path: `m${index}`,
      type: "transit" as const,
      description: "",
      accessor: "",
      uuid: "",
      createdAtMs: 0,
      config: {},
      revision: 1,
    });
    await t.core.commit(
      Array.from({ length: max - 2 }, (_, index) => ({
        op: "insert" as const,
        table: "mounts" as const,
        row: row(index),
      })),
    );
    const results = await Promise.allSettled(
      ["x", "y", "z", "w"].map((path) => t.run(enableMount, { path, type: "transit" })),
    );
    const codes = results.map((result) => (result.status === "rejected" ? result.reason.code : "ok"));
    assert.deepEqual(codes.toSorted(), ["LimitExceeded", "LimitExceeded", "ok", "ok"]);
  });

  it("are refused under paths that Vault or a service has, and under bad ones", async () => {
    const bad = ["", "/", "a/", "/a", "a//b", ".a", "a/.b", "a b", "é", "sys", "sys/x", "auth", "aws", "identity"];
    for (const path of [...bad, "cubbyhole", "audit", "a".repeat(101), "a\n"]) {
      await t.fails(enableMount, { path, type: "transit" }, "InvalidInput");
    }
    await t.fails(enableMount, { path: "ok", type: "transit", description: "x".repeat(8193) }, "InvalidInput");
    assert.deepEqual(await paths(), []);
  });

  it("take what they keep with them, however much it is, and nothing of another mount", async () => {
    const { vaultEntries } = t.core;
    const enable = async (path: string) => (await t.run(enableMount, { path, type: "kv" })).mount;
    const [going, staying] = [await enable("going"), await enable("staying")];
    const names = Array.from({ length: limits.pageItems.value + 1 }, (_, index) => String(index));
    await t.core.commit(names.map((name) => vaultEntries.insert(mountArea(going, "data"), name, 1)));
    await t.core.commit([going, staying].map((mount) => vaultEntries.insert(mountArea(mount, "roles"), "one", 1)));
    await t.run(disableMount, { path: "going" });
    await t.test.lifecycle.runDue();
    assert.deepEqual(await vaultEntries.page(mountArea(going, "data"), undefined, 1), []);
    assert.equal(await vaultEntries.get(mountArea(going, "roles"), "one"), undefined);
    assert.equal((await vaultEntries.get(mountArea(staying, "roles"), "one"))?.value, 1);
    // Written by a request that was let in before.
    await t.core.commit([vaultEntries.insert(mountArea(going, "data"), "late", 1)]);
    t.test.clock.advance(60_000);
    await t.test.lifecycle.runDue();
    assert.equal(await vaultEntries.get(mountArea(going, "data"), "late"), undefined);
    assert.deepEqual(await vaultEntries.page("sys/removed-areas", undefined, 1), []);
  });

  it("of auth methods lie apart from those of secrets engines", async () => {
    await t.run(enableMount, { path: "same", type: "kv" });
    const { mount } = await t.run(enableMount, { path: "auth/same", type: "approle", config: { tokenType: "batch" } });
    assert.match(mount.accessor, /^auth_approle_[0-9a-f]{8}$/);
    const taken = await t.fails(enableMount, { path: "auth/same/x", type: "approle" }, "AlreadyExists");
    assert.deepEqual(taken, { resource: "mount", id: "same/" });
    await t.fails(enableMount, { path: "auth/token/x", type: "approle" }, "AlreadyExists");
    for (const path of ["auth/token", "sys"]) await t.fails(disableMount, { path }, "InvalidInput");
    await t.run(disableMount, { path: "auth/same" });
    assert.deepEqual(await paths(), ["same"]);
  });

  it("take permissions, but for looking one's own path up", async () => {
    assert.equal(await t.tryAs([], enableMount, { path: "a", type: "transit" }), "AccessDenied");
    assert.equal(await t.tryAs([], disableMount, { path: "a" }), "AccessDenied");
    assert.equal(await t.tryAs([], listMounts, null), "AccessDenied");
    assert.equal(await t.tryAs([], findMount, { path: "a" }), "ok");
    assert.equal(await t.tryAs([allow("coffer:EnableMount")], enableMount, { path: "a", type: "transit" }), "ok");
    assert.equal(await t.tryAs([allow("coffer:DisableMount")], disableMount, { path: "a" }), "ok");
  });
});
