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

  it("becomes version 2 while it is empty, and never version 1 again", async () => {
    const tune = (version: string) => call("POST", "sys/mounts/plain/tune", { options: { version } });
    await call("POST", "plain/a", { x: 1 });
    const reason = "cannot upgrade a mount that holds secrets: enable a mount of version 2, and write them there";
    assert.deepEqual((await tune("2")).json.errors, [reason]);
    assert.equal((await call("GET", "plain/a")).status, 200);
    await call("DELETE", "plain/a");
    assert.equal((await tune("2")).status, 204);
    assert.equal((await call("POST", "plain/data/a", { data: { x: 1 } })).json.data.version, 1);
    assert.deepEqual((await tune("1")).json.errors, ["cannot downgrade mount from version 2"]);
    assert.deepEqual((await tune("3")).json.errors, ["invalid version provided: 3"]);
    assert.deepEqual((await tune("x")).json.errors, ["unable to parse options: the version is no number"]);
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
