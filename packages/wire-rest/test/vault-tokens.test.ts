import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  createAlias,
  enableMount,
  execute,
  issueVaultToken,
  putKeyPolicy,
  type WantedVaultToken,
} from "@coffer/service";
import { openRestTest, type RestTest } from "./rest-client.ts";

describe("tokens of the Vault API at the REST API", () => {
  let t: RestTest;
  let ciphertext: string;

  before(async () => {
    t = await openRestTest();
    const { core } = t.test;
    await execute(core, enableMount, { path: "transit", type: "transit" }, t.test.request());
    for (const name of ["orders", "hidden", "elsewhere/deep"]) await t.call("POST", "/keys", { key_id: name });
    ciphertext = (await t.call("POST", "/encrypt", { key_id: "orders", plaintext: "x" })).json.ciphertext;
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  async function holderOf(policy: string, limits: Partial<WantedVaultToken> = {}) {
    const { core } = t.test;
    const entry = {
      text: policy,
      version: 1,
      casRequired: false,
      modifiedAtMs: 0,
      allowSlashes: false,
      allowWildcards: false,
    };
    await core.commit(core.vaultEntries.replace("sys/policy", "p", entry));
    const wanted = { displayName: "token", path: "auth/token/create", policies: ["p"], meta: null, ttl: 0, maxTtl: 0 };
    const more = { explicitMaxTtl: 0, period: 0, numUses: 0, renewable: true };
    const { token, writes } = issueVaultToken(core, { ...wanted, ...more, ...limits }, core.clock.nowMs());
    await core.commit(writes);
    const call = (method: string, path: string, body?: unknown) =>
      t.call(method, path, body, { Authorization: `Bearer ${token}` });
    const encrypt = async (key_id: string) => (await call("POST", "/encrypt", { key_id, plaintext: "x" })).status;
    return { call, encrypt };
  }

  const lastAcl = async () => {
    const record = (await t.test.auditEvents()).at(-1) as Record<string, Record<string, Record<string, unknown>>>;
    return record["additionalEventData"]?.["vaultAcl"];
  };

  it("do what their policies allow of the Transit path, and no more", async () => {
    const { call, encrypt } = await holderOf(
      'path "transit/encrypt/orders" { capabilities = ["update"] }\npath "transit/keys/orders" { capabilities = ["read"] }',
    );
    assert.equal(await encrypt("orders"), 200);
    assert.equal((await lastAcl())?.["allowed"], true);
    assert.equal((await call("GET", "/keys/orders")).status, 200);
    assert.equal(await encrypt("hidden"), 403);
    assert.equal((await call("POST", "/decrypt", { key_id: "orders", ciphertext })).status, 403);
    const { path, allowed, reason } = (await lastAcl()) ?? {};
    assert.deepEqual([path, allowed, reason], ["transit/decrypt/orders", false, "noRule"]);
    assert.equal((await call("POST", "/keys/orders/rotate")).status, 403);
    assert.equal(await encrypt("unknown"), 403);
  });

  it("keep to their networks and uses", async () => {
    const policy = 'path "transit/encrypt/orders" { capabilities = ["update"] }';
    assert.equal(await (await holderOf(policy, { boundCidrs: ["127.0.0.0/8"] })).encrypt("orders"), 200);
    assert.equal(await (await holderOf(policy, { boundCidrs: ["192.0.2.0/24"] })).encrypt("orders"), 403);
    const twice = await holderOf(policy, { numUses: 2 });
    assert.deepEqual([await twice.encrypt("orders"), await twice.encrypt("orders")], [200, 200]);
    assert.equal(await twice.encrypt("orders"), 401);
  });

  it("may name a key by its id, as by any of its names", async () => {
    const { core } = t.test;
    const keyId = await core.keys.findAlias(core.account, core.homeRegion, "alias/orders");
    await execute(core, createAlias, { aliasName: "alias/second", targetKeyId: keyId! }, t.test.request());
    const { encrypt } = await holderOf('path "transit/encrypt/second" { capabilities = ["update"] }');
    assert.equal(await encrypt(keyId!), 200);
    assert.equal(await encrypt("second"), 200);
    assert.equal(await encrypt("orders"), 403);
  });

  it("are refused what Transit has no path for, and keys that no mount has", async () => {
    const { call, encrypt } = await holderOf('path "*" { policy = "sudo" }');
    assert.equal(await encrypt("orders"), 200);
    const refused = [
      await call("POST", "/keys", { key_id: "made" }),
      await call("DELETE", "/keys/orders"),
      await call("GET", "/keys"),
      await call("GET", "/admin/audit"),
      await call("GET", "/policies/orders"),
      await call("POST", "/encrypt", { key_id: "elsewhere/deep", plaintext: "x" }),
    ];
    for (const { status, text } of refused) assert.ok([400, 403, 404].includes(status), text);
    assert.equal((await t.call("GET", "/keys/made")).status, 404);
    assert.match(refused[0]!.text, /Transit has no such operation/);
    assert.match(refused[5]!.text, /no name on a Transit mount/);
  });

  it("are bound by key policies, and by what rules say of parameters that this API does not have", async () => {
    const update = '"transit/encrypt/*" { capabilities = ["update"]';
    const { encrypt } = await holderOf(`path ${update} denied_parameters = { "key_version" = [] } }`);
    assert.equal(await encrypt("orders"), 403);
    assert.equal((await lastAcl())?.["reason"], "parameter");
    const free = await holderOf(`path ${update} }`);
    assert.equal(await free.encrypt("hidden"), 200);
    const { core } = t.test;
    const keyId = await core.keys.findAlias(core.account, core.homeRegion, "alias/hidden");
    const root = {
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${core.account}:root` },
      Action: "kms:*",
      Resource: "*",
    };
    const deny = { Effect: "Deny", Principal: "*", Action: "kms:Encrypt", Resource: "*" };
    const policy = JSON.stringify({ Version: "2012-10-17", Statement: [root, deny] });
    await execute(core, putKeyPolicy, { keyId: keyId!, policy }, t.test.request());
    assert.equal(await free.encrypt("hidden"), 403);
  });
});
