import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { issueVaultToken, limits } from "@coffer/service";
import { openKvTest } from "./kv-client.ts";
import type { VaultTest } from "./vault-client.ts";

// What published advisories of Vault and OpenBao were about, where it could concern secrets.
describe("advisories: secrets", () => {
  let vault: VaultTest;
  const call: VaultTest["call"] = (...args) => vault.call(...args);

  beforeEach(async () => {
    vault = await openKvTest();
  });
  afterEach(async () => {
    assert.deepEqual(vault.test.bugs, []);
    await vault.close();
  });

  async function tokenOf(text: string): Promise<Record<string, string>> {
    const { core } = vault.test;
    const name = `p${core.randomness.id()}`;
    await core.commit([core.vaultEntries.insert("sys/policy", name, { text })]);
    const times = { ttl: 0, maxTtl: 0, explicitMaxTtl: 0, period: 0, numUses: 0 };
    const wanted = { displayName: "t", path: "auth/token/create", meta: null, renewable: true, ...times };
    const { token, writes } = issueVaultToken(core, { ...wanted, policies: [name] }, core.clock.nowMs());
    await core.commit(writes);
    return { "X-Vault-Token": token };
  }

  it("complex JSON (CVE-2025-6203): depth is bounded, breadth costs what it weighs", async () => {
    const nested = (levels: number) => `{"data":${'{"a":'.repeat(levels - 1)}1${"}".repeat(levels - 1)}}`;
    const max = limits.jsonDepth.value;
    assert.equal((await call("POST", "secret/data/deep", nested(max))).status, 200);
    assert.equal((await call("GET", "secret/data/deep")).status, 200);
    assert.equal((await call("GET", "secret/subkeys/deep")).status, 200);
    for (const levels of [max + 1, 100_000]) {
      const refused = await call("POST", "secret/data/deep", nested(levels));
      assert.equal(refused.status, 400);
      assert.match(refused.json.errors[0], /nested too deeply/);
    }
    for (const wide of ["[],", "{},", '"",', "0,"]) {
      const list = `[${wide.repeat(100_000)}0]`;
      assert.equal((await call("POST", "secret/data/wide", `{"data":{"l":${list}}}`)).status, 200);
    }
    const twice = await call("POST", "secret/data/twice", '{"data":{"a":1,"a":2}}');
    assert.match(twice.json.errors[0], /duplicate key/);
  });

  it("limit=0 does not lift a policy's page size", async () => {
    for (const name of ["a", "b", "c"]) {
      await call("POST", `secret/data/${name}`, { data: {} });
      await call("POST", `plain/${name}`, { x: 1 });
    }
    const own = await tokenOf(`
      path "secret/metadata/" { capabilities = ["list"] pagination_limit = 2 }
      path "plain/" { capabilities = ["list"] pagination_limit = 2 }`);
    for (const folder of ["secret/metadata", "plain"]) {
      for (const query of ["", "?limit=0", "?limit=max", "?limit=2", "?limit="]) {
        const { status, json } = await call("LIST", `${folder}${query}`, undefined, own);
        assert.deepEqual([status, json.data?.keys], [200, ["a", "b"]], folder + query);
      }
      for (const query of ["?limit=3", "?limit=-1", "?limit=x", "?limit=1&limit=9"]) {
        assert.equal((await call("LIST", `${folder}${query}`, undefined, own)).status, 403, folder + query);
      }
    }
  });

  it("a list does not slip past a denial, with or without a slash at its end; nor does a scan by `list`", async () => {
    await call("POST", "secret/data/team/a", { data: {} });
    const own = await tokenOf(`
      path "secret/metadata/*" { capabilities = ["list"] }
      path "secret/metadata/team/*" { capabilities = ["deny"] }`);
    for (const path of ["secret/metadata/team", "secret/metadata/team/"]) {
      assert.equal((await call("LIST", path, undefined, own)).status, 403, path);
      assert.equal((await call("GET", `${path}?list=true`, undefined, own)).status, 403, path);
    }
    assert.equal((await call("LIST", "secret/metadata", undefined, own)).status, 200);
    assert.equal((await call("SCAN", "secret/metadata", undefined, own)).status, 403);
    assert.equal((await call("GET", "secret/metadata?scan=true", undefined, own)).status, 403);
  });

  it("dots and doubled or encoded slashes reach no other path", async () => {
    await call("POST", "secret/data/private", { data: { x: 1 } });
    const own = await tokenOf('path "secret/data/public/*" { capabilities = ["read", "create", "update"] }');
    const tricks = [
      "%2F",
      "../private",
      "%2e%2e/private",
      "..%2Fprivate",
      "x/../../private",
      "./private",
      "/private",
      "..\\private",
    ];
    for (const trick of tricks) {
      const answer = await call("GET", `secret/data/public/${trick}`, undefined, own);
      assert.equal(answer.status, 400, trick);
    }
    // Decoded once, it is a name like others.
    const twice = await call("GET", "secret/data/public/%252e%252e%252fprivate", undefined, own);
    assert.deepEqual([twice.status, twice.json.errors], [404, []]);
  });

  it("a case or a space makes another path, for policies as for secrets", async () => {
    await call("POST", "secret/data/Team", { data: { x: 1 } });
    const own = await tokenOf('path "secret/data/team" { capabilities = ["read"] }');
    for (const name of ["Team", "team%20", "%20team", "TEAM"]) {
      assert.equal((await call("GET", `secret/data/${name}`, undefined, own)).status, 403, name);
    }
    assert.equal((await call("GET", "secret/data/team", undefined, own)).status, 404);
    assert.equal((await call("GET", "Secret/data/team")).status, 404);
  });
});
