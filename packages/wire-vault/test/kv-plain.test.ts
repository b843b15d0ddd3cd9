import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { issueVaultToken } from "@coffer/service";
import { openKvTest } from "./kv-client.ts";
import type { VaultTest } from "./vault-client.ts";

describe("KV version 1 and cubbyholes", () => {
  let vault: VaultTest;
  const call: VaultTest["call"] = (...args) => vault.call(...args);

  beforeEach(async () => {
    vault = await openKvTest();
  });
  afterEach(async () => {
    assert.deepEqual(vault.test.bugs, []);
    await vault.close();
  });

  async function tokenOf(policies: readonly string[]): Promise<Record<string, string>> {
    const { core } = vault.test;
    const times = { ttl: 0, maxTtl: 0, explicitMaxTtl: 0, period: 0, numUses: 0 };
    const wanted = { displayName: "t", path: "auth/token/create", meta: null, renewable: true, policies, ...times };
    const { token, writes } = issueVaultToken(core, wanted, core.clock.nowMs());
    await core.commit(writes);
    return { "X-Vault-Token": token };
  }

  it("keeps what it is given, whole, until it is replaced or deleted", async () => {
    const data = { data: "not special", options: { cas: 1 }, version: 3, ttl: "90s", nested: { a: [1, null] } };
    assert.equal((await call("POST", "plain/app/db", data)).status, 204);
    const read = await call("GET", "plain/app/db");
    assert.deepEqual([read.json.data, read.json.lease_duration, read.json.warnings], [data, 90, null]);
    await call("PUT", "plain/app/db", { other: 1 });
    const replaced = await call("GET", "plain/app/db");
    assert.deepEqual([replaced.json.data, replaced.json.lease_duration], [{ other: 1 }, 2_764_800]);
    await call("POST", "plain/app", { x: 1 });
    assert.deepEqual((await call("LIST", "plain")).json.data.keys, ["app", "app/"]);
    assert.deepEqual((await call("LIST", "plain/app/")).json.data.keys, ["db"]);
    assert.deepEqual((await call("SCAN", "plain")).json.data.keys, ["app", "app/db"]);
    assert.equal((await call("DELETE", "plain/app/db")).status, 204);
    assert.equal((await call("DELETE", "plain/app/db")).status, 204);
    const gone = await call("GET", "plain/app/db");
    assert.deepEqual([gone.status, gone.json], [404, { errors: [] }]);
    assert.equal((await call("LIST", "plain/app")).status, 404);
    assert.deepEqual((await call("POST", "plain/x", {})).json.errors, ["missing data fields"]);
    assert.deepEqual((await call("POST", "plain", { a: 1 })).json.errors, ["missing path"]);
    assert.equal((await call("GET", "plain/app/")).status, 404);
  });

  it("becomes version 2 with what it holds, is closed meanwhile, and never becomes version 1 again", async () => {
    const tune = (version: string) => call("POST", "sys/mounts/plain/tune", { options: { version } });
    const names = Array.from({ length: 250 }, (_, index) => `app/${String(index).padStart(3, "0")}`);
    for (const name of names) await call("POST", `plain/${name}`, { name });
    const upgraded = await tune("2");
    assert.deepEqual([upgraded.status, upgraded.json.data], [200, null]);
    assert.match(upgraded.json.warnings[0], /^Upgrading mount from version 1 to version 2\./);
    for (const [method, path] of [
      ["GET", "plain/data/app/000"],
      ["LIST", "plain/metadata"],
      ["DELETE", "plain/app/000"],
    ] as const) {
      const closed = await call(method, path);
      assert.equal(closed.status, 400);
      assert.match(closed.json.errors[0], /^Upgrading from non-versioned to versioned data\./);
    }
    assert.ok(!JSON.stringify((await call("GET", "sys/mounts/plain")).json).includes("upgrading"));
    await vault.test.lifecycle.runDue();
    assert.deepEqual((await call("SCAN", "plain/metadata")).json.data.keys, names);
    const { data } = (await call("GET", "plain/data/app/249")).json;
    assert.deepEqual([data.data, data.metadata.version], [{ name: "app/249" }, 1]);
    assert.equal((await call("POST", "plain/data/app/249", { data: {} })).json.data.version, 2);
    assert.deepEqual((await tune("1")).json.errors, ["cannot downgrade mount from version 2"]);
    assert.deepEqual((await tune("3")).json.errors, ["invalid version provided: 3"]);
    assert.deepEqual((await tune("x")).json.errors, ["unable to parse options: the version is no number"]);
    assert.equal((await tune("2")).status, 204);
  });

  it("becomes version 2 at once while it is empty", async () => {
    assert.equal((await call("POST", "sys/mounts/plain/tune", { options: { version: 2 } })).status, 200);
    assert.equal((await call("POST", "plain/data/a", { data: { x: 1 } })).json.data.version, 1);
  });

  it("is kept apart mount by mount, and gone with its mount", async () => {
    await call("POST", "sys/mounts/other", { type: "kv-v1" });
    await call("POST", "other/a", { x: 1 });
    assert.equal((await call("GET", "plain/a")).status, 404);
    await call("DELETE", "sys/mounts/other");
    assert.equal((await call("GET", "other/a")).status, 404);
    await call("POST", "sys/mounts/other", { type: "kv", options: ["version=1"] });
    assert.equal((await call("GET", "other/a")).status, 404);
  });

  it("keeps what a cubbyhole holds from every other token", async () => {
    const [one, two] = [await tokenOf(["default"]), await tokenOf(["default"])];
    assert.equal((await call("POST", "cubbyhole/a/b", { secret: 1 }, one)).status, 204);
    assert.deepEqual((await call("GET", "cubbyhole/a/b", undefined, one)).json.data, { secret: 1 });
    assert.deepEqual((await call("LIST", "cubbyhole/a", undefined, one)).json.data.keys, ["b"]);
    for (const other of [two, { "X-Vault-Token": vault.test.root.token }]) {
      assert.equal((await call("GET", "cubbyhole/a/b", undefined, other)).status, 404);
      assert.equal((await call("LIST", "cubbyhole", undefined, other)).status, 404);
      assert.equal((await call("DELETE", "cubbyhole/a/b", undefined, other)).status, 204);
    }
    assert.equal((await call("GET", "cubbyhole/a/b", undefined, one)).status, 200);
    assert.equal((await call("DELETE", "cubbyhole/a/b", undefined, one)).status, 204);
    assert.equal((await call("GET", "cubbyhole/a/b", undefined, one)).status, 404);
  });

  it("tells create from update, and a path from one with a slash at its end, for ACL policies", async () => {
    const { core } = vault.test;
    const text = `
      path "plain/new/*" { capabilities = ["create", "list"] }
      path "secret/data/new/*" { capabilities = ["create"] }
      path "secret/data/dir/*" { capabilities = ["read"] }
      path "plain/dir/*" { capabilities = ["read"] }`;
    await core.commit([core.vaultEntries.insert("sys/policy", "narrow", { text })]);
    const own = await tokenOf(["narrow"]);
    for (const path of ["plain/new/a", "secret/data/new/a"]) {
      assert.equal((await call("POST", path, { data: {} }, own)).status < 300, true, path);
      assert.equal((await call("POST", path, { data: {} }, own)).status, 403, path);
      assert.equal((await call("GET", path, undefined, own)).status, 403, path);
    }
    assert.equal((await call("LIST", "plain/new", undefined, own)).status, 200);
    // `dir/` is allowed and `dir` is not: the one must not give the other.
    await call("POST", "plain/dir", { x: 1 });
    await call("POST", "secret/data/dir", { data: { x: 1 } });
    for (const path of ["plain/dir", "secret/data/dir"]) {
      assert.equal((await call("GET", path, undefined, own)).status, 403);
      assert.equal((await call("GET", `${path}/`, undefined, own)).status, 404);
    }
  });
});
