import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { limits } from "../../limits.ts";
import { allow, CoreTest } from "../../testing/core-test.ts";
import { disableMount, enableMount, findMount, listMounts } from "./mount-operations.ts";

describe("mounts", () => {
  let t: CoreTest;

  beforeEach(async () => {
    t = await CoreTest.open();
  });
  afterEach(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  const paths = async () => (await t.run(listMounts, null)).mounts.map(({ path }) => path);

  it("are enabled, found, listed by path and disabled, from the next request on", async () => {
    assert.equal((await t.run(findMount, { path: "transit/keys" })).mount, undefined);
    const { mount } = await t.run(enableMount, { path: "transit", description: "d" });
    assert.match(mount.accessor, /^transit_[0-9a-f]{8}$/);
    assert.deepEqual((await t.run(findMount, { path: "transit/keys" })).mount, mount);
    await t.run(enableMount, { path: "a/b" });
    assert.deepEqual(await paths(), ["a/b", "transit"]);
    await t.run(disableMount, { path: "transit" });
    await t.run(disableMount, { path: "transit" });
    assert.equal((await t.run(findMount, { path: "transit/keys" })).mount, undefined);
    assert.deepEqual(await paths(), ["a/b"]);
  });

  it("never lie on one another, also when they come at once", async () => {
    const wanted = ["a", "a", "a/b", "a/b/c", "ab", "b/c", "b", "b/cd"];
    const results = await Promise.allSettled(wanted.map((path) => t.run(enableMount, { path })));
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
    const results = await Promise.allSettled(["x", "y", "z", "w"].map((path) => t.run(enableMount, { path })));
    const codes = results.map((result) => (result.status === "rejected" ? result.reason.code : "ok"));
    assert.deepEqual(codes.toSorted(), ["LimitExceeded", "LimitExceeded", "ok", "ok"]);
  });

  it("are refused under paths that Vault or a service has, and under bad ones", async () => {
    const bad = ["", "/", "a/", "/a", "a//b", ".a", "a/.b", "a b", "é", "sys", "sys/x", "auth", "aws", "identity"];
    for (const path of [...bad, "cubbyhole", "audit", "a".repeat(101), "a\n"]) {
      await t.fails(enableMount, { path }, "InvalidInput");
    }
    await t.fails(enableMount, { path: "ok", description: "x".repeat(8193) }, "InvalidInput");
    assert.deepEqual(await paths(), []);
  });

  it("take permissions, but for looking one's own path up", async () => {
    assert.equal(await t.tryAs([], enableMount, { path: "a" }), "AccessDenied");
    assert.equal(await t.tryAs([], disableMount, { path: "a" }), "AccessDenied");
    assert.equal(await t.tryAs([], listMounts, null), "AccessDenied");
    assert.equal(await t.tryAs([], findMount, { path: "a" }), "ok");
    assert.equal(await t.tryAs([allow("coffer:EnableMount")], enableMount, { path: "a" }), "ok");
    assert.equal(await t.tryAs([allow("coffer:DisableMount")], disableMount, { path: "a" }), "ok");
  });
});
