// Published faults of Vault and OpenBao that concern policies, tried through the wire; those of the language alone are in
// packages/policy/src/vault-acl/advisories.test.ts.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { issueVaultToken, type WantedVaultToken } from "@coffer/service";
import { mountAuth } from "./auth-methods.ts";
import { base64, openVaultTest, type VaultTest } from "./vault-client.ts";

const wanted: WantedVaultToken = {
  displayName: "token-test",
  path: "auth/token/create",
  policies: [],
  meta: null,
  ttl: 0,
  maxTtl: 0,
  explicitMaxTtl: 0,
  period: 0,
  numUses: 0,
  renewable: true,
  noDefaultPolicy: true,
};

describe("policies cannot be got round", () => {
  let t: VaultTest;
  let call: VaultTest["call"];

  before(async () => {
    t = await openVaultTest();
    call = t.call;
    await call("POST", "transit/keys/plain", {});
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  const put = (name: string, policy: string) => call("PUT", `sys/policies/acl/${name}`, { policy });

  async function holderOf(policies: readonly string[], entityId = "") {
    const { core } = t.test;
    const { token, record, writes } = issueVaultToken(core, { ...wanted, policies, entityId }, core.clock.nowMs());
    await core.commit(writes);
    const as = (method: string, path: string, body?: unknown) => {
      const type = method === "PATCH" ? { "Content-Type": "application/merge-patch+json" } : {};
      return call(method, path, body, { "X-Vault-Token": token, ...type });
    };
    return { as, policies: record.vaultPolicies };
  }

  it("by a list that is asked for as a read, or a read as a list", async () => {
    await put("reads", 'path "transit/keys*" { capabilities = ["read"] }');
    const { as } = await holderOf(["reads"]);
    for (const [method, path] of [
      ["LIST", "transit/keys"],
      ["LIST", "transit/keys/"],
      ["GET", "transit/keys?list=true"],
      ["GET", "transit/keys/?list=1"],
    ] as const) {
      assert.equal((await as(method, path)).status, 403, `${method} ${path}`);
    }
    assert.equal((await as("GET", "transit/keys/plain")).status, 200);
    assert.equal((await as("GET", "transit/keys/plain?list=false")).status, 200);
    await put("reads", 'path "transit/keys/*" { capabilities = ["list"] }');
    assert.equal((await as("LIST", "transit/keys")).status, 200);
    assert.equal((await as("GET", "transit/keys/plain")).status, 403);
  });

  it("by another method for a write", async () => {
    await put("patches", 'path "sys/policies/acl/*" { capabilities = ["patch"] }');
    await put("target", 'path "a" {}');
    const { as } = await holderOf(["patches"]);
    for (const method of ["PUT", "POST", "DELETE", "GET"]) {
      assert.equal((await as(method, "sys/policies/acl/target", { policy: 'path "*" {}' })).status, 403, method);
    }
    const patched = await as("PATCH", "sys/policies/acl/target", { cas_required: true });
    assert.equal(patched.status, 204, patched.text);
    await put("patches", 'path "sys/policies/acl/*" { capabilities = ["update"] }');
    assert.equal((await as("PATCH", "sys/policies/acl/target", { cas_required: false })).status, 403);
  });

  it("by the spelling of a policy's name", async () => {
    await put("kept", 'path "*" { capabilities = ["deny"] }');
    await put(
      "writer",
      'path "sys/policies/acl/*" { capabilities = ["create", "update"] }\npath "sys/policies/acl/kept" { capabilities = ["deny"] }',
    );
    const { as, policies } = await holderOf([" WRITER "]);
    assert.deepEqual(policies, ["writer"]);
    assert.equal((await as("PUT", "sys/policies/acl/kept", { policy: 'path "b" {}' })).status, 403);
    for (const name of ["KEPT", "Kept", "kept%20", "%20kept"]) {
      const { status } = await as("PUT", `sys/policies/acl/${name}`, { policy: 'path "b" {}' });
      assert.equal(status, 403, name);
      const { policy } = (await call("GET", "sys/policies/acl/kept")).json.data;
      assert.equal(policy, 'path "*" { capabilities = ["deny"] }', name);
    }
  });

  it("by the spelling of a role's or an identity's name", async () => {
    await mountAuth(t, "approle");
    await call("POST", "auth/approle/role/web", { bind_secret_id: true });
    await call("POST", "identity/entity", { name: "boss" });
    await put(
      "names",
      `path "auth/approle/role/*" { capabilities = ["create", "read", "update"] }
       path "auth/approle/role/web*" { capabilities = ["deny"] }
       path "identity/entity/name/*" { capabilities = ["read", "update"] }
       path "identity/entity/name/boss" { capabilities = ["deny"] }`,
    );
    const { as } = await holderOf(["names"]);
    for (const name of ["web", "WEB", "Web"]) {
      assert.equal((await as("GET", `auth/approle/role/${name}`)).status, 403, name);
      assert.equal((await as("POST", `auth/approle/role/${name}/secret-id`, {})).status, 403, name);
    }
    for (const name of ["boss", "BOSS", "Boss"]) {
      assert.equal((await as("GET", `identity/entity/name/${name}`)).status, 403, name);
    }
    assert.equal((await as("POST", "auth/approle/role/Other", { bind_secret_id: true })).status, 204);
    assert.equal((await as("GET", "auth/approle/role/OTHER")).status, 200);
  });

  it("by a space that is a part of the name", async () => {
    await call("POST", "identity/entity", { name: "boss " });
    await put("x/%20inner", 'path "c" {}');
    await put(
      "spaces",
      `path "identity/entity/name/*" { capabilities = ["read"] }
       path "identity/entity/name/boss " { capabilities = ["deny"] }
       path "sys/policies/acl/*" { capabilities = ["read"] }
       path "sys/policies/acl/x/ inner" { capabilities = ["deny"] }`,
    );
    const { as } = await holderOf(["spaces"]);
    for (const path of ["identity/entity/name/boss%20", "identity/entity/name/BOSS%20"]) {
      assert.equal((await call("GET", path)).status, 200, path);
      assert.equal((await as("GET", path)).status, 403, path);
    }
    for (const path of [
      "sys/policies/acl/x/%20inner",
      "sys/policies/acl/X/%20INNER",
      "sys/policies/acl/%20X/%20inner%20",
    ]) {
      assert.equal((await call("GET", path)).status, 200, path);
      assert.equal((await as("GET", path)).status, 403, path);
    }
    assert.equal((await as("GET", "sys/policies/acl/%20SPACES%20")).status, 200);
  });

  it("by a name that reads like two", async () => {
    await put("one", 'path "transit/keys/plain" { capabilities = ["read"] }');
    const read = async (policies: readonly string[]) => {
      const { as } = await holderOf(policies);
      return (await as("GET", "transit/keys/plain")).status;
    };
    assert.equal(await read(["one", "two"]), 200);
    for (const name of ["one\ntwo", "one,two", 'one","two', "one\\ntwo"]) assert.equal(await read([name]), 403, name);
  });

  it("by names of Object.prototype", async () => {
    for (const name of ["__proto__", "constructor", "tostring"]) {
      assert.equal((await call("GET", `sys/policies/acl/${name}`)).status, 404, name);
      assert.equal((await (await holderOf([name])).as("GET", "transit/keys/plain")).status, 403, name);
    }
    await put(
      "proto",
      'path "transit/encrypt/plain" { capabilities = ["update"] denied_parameters = { "__proto__" = [] } }',
    );
    const { as } = await holderOf(["proto"]);
    const encrypt = (body: unknown) => as("POST", "transit/encrypt/plain", body);
    assert.equal((await encrypt({ plaintext: base64("x") })).status, 200);
    assert.equal((await encrypt(JSON.parse(`{"plaintext":"${base64("x")}","__proto__":1}`))).status, 403);
    assert.equal((await encrypt({ plaintext: base64("x"), constructor: 1 })).status, 200);
  });

  it("by a value in a template that is a wildcard, a path or dots", async () => {
    await put("own", 'path "transit/keys/{{identity.entity.metadata.key}}" { capabilities = ["read"] }');
    for (const [key, status] of [
      ["plain", 200],
      ["*", 403],
      ["+", 403],
      ["pl*", 403],
      ["../keys/plain", 403],
      ["", 403],
    ] as const) {
      await call("POST", "identity/entity/name/holder", { metadata: { key } });
      const { id } = (await call("GET", "identity/entity/name/holder")).json.data;
      const { as } = await holderOf(["own"], id);
      assert.equal((await as("GET", "transit/keys/plain")).status, status, key);
    }
  });

  it("by parameters that are given twice, or under other names", async () => {
    await put(
      "fixed",
      'path "transit/random" { capabilities = ["update", "read"] allowed_parameters = { "bytes" = ["8", 8] } }',
    );
    const { as } = await holderOf(["fixed"]);
    assert.equal((await as("POST", "transit/random", { bytes: 8 })).status, 200);
    assert.equal((await as("GET", "transit/random?bytes=8")).status, 200);
    for (const body of [{ bytes: 9 }, { bytes: 8, format: "hex" }, { Bytes: 9 }, { bytes: [8] }, { bytes: "08" }]) {
      assert.equal((await as("POST", "transit/random", body)).status, 403, JSON.stringify(body));
    }
    for (const query of ["bytes=9", "bytes=8&bytes=9", "bytes=8&BYTES=9"]) {
      assert.equal((await as("GET", `transit/random?${query}`)).status, 403, query);
    }
    // What comes in the path is no parameter: another path, which the policy does not name.
    assert.equal((await as("POST", "transit/random/9", {})).status, 403);
  });

  it("by a policy whose JSON or HCL is too complex", async () => {
    for (const policy of [
      `{"path":${'{"a":'.repeat(5000)}`,
      `path "a" { allowed_parameters = ${"{ a = ".repeat(5000)}`,
      `path "a" { comment = "${"\\".repeat(60_000)}`,
      Array.from({ length: 2000 }, (_, at) => `path "p${at}" {}`).join("\n"),
    ]) {
      const { status, json } = await put("complex", policy);
      assert.equal(status, 400);
      assert.match(json.errors[0], /^failed to parse policy: /);
    }
  });
});
