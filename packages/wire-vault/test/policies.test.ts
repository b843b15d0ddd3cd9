import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  createPrincipal,
  createToken,
  execute,
  issueVaultToken,
  putIdentityPolicy,
  type WantedVaultToken,
} from "@coffer/service";
import { base64, openVaultTest, type VaultAnswer, type VaultTest } from "./vault-client.ts";

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
};

// What these tests expect was seen at OpenBao 2.6.2.
describe("ACL policies of the Vault API", () => {
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

  const put = (name: string, policy: string, more = {}) => call("PUT", `sys/policies/acl/${name}`, { policy, ...more });
  const errorsOf = ({ status, json }: VaultAnswer) => [status, json.errors];
  const read = 'path "a" { capabilities = ["read"] }';

  async function tokenOf(...policies: string[]) {
    const { core } = t.test;
    const { token, record, writes } = issueVaultToken(core, { ...wanted, policies }, core.clock.nowMs());
    await core.commit(writes);
    const as = (method: string, path: string, body?: unknown) => call(method, path, body, { "X-Vault-Token": token });
    const capabilities = async (path: string) =>
      (await as("POST", "sys/capabilities-self", { paths: [path] })).json.data[path];
    return { token, accessor: record.accessor, as, capabilities };
  }

  it("are written, read, listed and deleted, in lower case", async () => {
    const written = await put("Dev-Team", read);
    assert.deepEqual([written.status, written.json.data], [200, null]);
    assert.deepEqual(written.json.warnings, ["policy name was converted to dev-team"]);
    const { data } = (await call("GET", "sys/policies/acl/DEV-team")).json;
    const { modified, ...rest } = data;
    assert.deepEqual(rest, {
      allow_slashes_in_identity_templates: false,
      allow_wildcards_in_identity_templates: false,
      cas_required: false,
      name: "dev-team",
      policy: read,
      version: 1,
    });
    assert.equal(Date.parse(modified), t.test.clock.nowMs());
    assert.equal((await put("dev-team", `${read}\n`)).status, 204);
    assert.equal((await call("GET", "sys/policies/acl/dev-team")).json.data.version, 2);
    const keys = ["default", "dev-team", "root"];
    assert.deepEqual((await call("LIST", "sys/policies/acl")).json.data, { keys });
    assert.deepEqual((await call("GET", "sys/policies/acl?list=true")).json.data, { keys });
    const detailed = (await call("LIST", "sys/policies/detailed/acl")).json.data;
    assert.deepEqual([detailed.keys, Object.keys(detailed.key_info)], [keys, keys]);
    assert.equal((await call("DELETE", "sys/policies/acl/dev-team")).status, 204);
    assert.deepEqual(errorsOf(await call("GET", "sys/policies/acl/dev-team")), [404, []]);
    assert.equal((await call("DELETE", "sys/policies/acl/dev-team")).status, 204);
  });

  it("have their old path too, with the text under rules", async () => {
    const written = await call("PUT", "sys/policy/old", { rules: read });
    assert.deepEqual(written.json.warnings, ["'rules' is deprecated, please use 'policy' instead"]);
    assert.equal((await call("PUT", "sys/policy/old", { policy: read })).status, 204);
    const { json } = await call("GET", "sys/policy/old");
    assert.deepEqual([json.rules, json.data.rules, json.data.policy, json.name], [read, read, undefined, "old"]);
    const list = (await call("GET", "sys/policy")).json;
    assert.deepEqual(
      [list.keys, list.data.policies],
      [
        ["default", "old", "root"],
        ["default", "old", "root"],
      ],
    );
    assert.equal((await call("DELETE", "sys/policy/old")).status, 204);
  });

  it("may come in base64", async () => {
    await put("coded", base64(read));
    assert.equal((await call("GET", "sys/policies/acl/coded")).json.data.policy, read);
    await call("DELETE", "sys/policies/acl/coded");
  });

  it("are protected where they are built in", async () => {
    for (const name of ["root", "ROOT", "%20root", "root%20", "response-wrapping"]) {
      const plain = name.replaceAll("%20", "").toLowerCase();
      assert.deepEqual(errorsOf(await put(name, read)), [400, [`cannot update "${plain}" policy`]], name);
      const deleted = await call("DELETE", `sys/policies/acl/${name}`);
      assert.deepEqual(errorsOf(deleted), [400, [`cannot delete "${plain}" policy`]], name);
    }
    assert.deepEqual(errorsOf(await call("DELETE", "sys/policies/acl/default")), [
      400,
      ["cannot delete default policy"],
    ]);
    const { policy, version } = (await call("GET", "sys/policies/acl/root")).json.data;
    assert.deepEqual([policy, version], ["", 0]);
    assert.match((await call("GET", "sys/policies/acl/default")).json.data.policy, /auth\/token\/lookup-self/);
  });

  it("are refused with the line, and what is there stays", async () => {
    await put("kept", read);
    assert.deepEqual(errorsOf(await put("kept", 'path "/" {\n capabilites = 1\n}')), [
      400,
      ['failed to parse policy: 1 error occurred:\n\t* path "/": invalid key "capabilites" on line 2\n\n'],
    ]);
    assert.deepEqual(errorsOf(await put("kept", "")), [400, ["'policy' parameter not supplied or empty"]]);
    assert.equal((await call("GET", "sys/policies/acl/kept")).json.data.policy, read);
  });

  it("change on the version that was read, where one is given or asked for", async () => {
    const mismatch = [400, ["check-and-set parameter did not match the current version"]];
    assert.deepEqual(errorsOf(await put("cas", read, { cas: 5 })), mismatch);
    assert.equal((await put("cas", read, { cas: -1 })).status, 204);
    assert.deepEqual(errorsOf(await put("cas", read, { cas: -1 })), [
      400,
      ["check-and-set parameter set to -1 on existing entry"],
    ]);
    assert.equal((await put("cas", read, { cas: 1, cas_required: true })).status, 204);
    assert.deepEqual(errorsOf(await put("cas", read)), [400, ["check-and-set parameter required for this call"]]);
    assert.deepEqual(errorsOf(await put("cas", read, { cas: 1 })), mismatch);
    assert.equal(
      (await call("PATCH", "sys/policies/acl/cas", { allow_slashes_in_identity_templates: true })).status,
      204,
    );
    const { data } = (await call("GET", "sys/policies/acl/cas")).json;
    assert.deepEqual(
      [data.policy, data.version, data.cas_required, data.allow_slashes_in_identity_templates],
      [read, 3, true, true],
    );
    assert.equal((await call("PATCH", "sys/policies/acl/nowhere", {})).status, 404);
  });

  it("end with their time, and what they gave ends with them", async () => {
    assert.equal((await put("brief", read, { ttl: "60s" })).status, 204);
    const { capabilities } = await tokenOf("brief");
    assert.deepEqual(await capabilities("a"), ["read"]);
    t.test.clock.advance(60_001);
    assert.deepEqual(await capabilities("a"), ["deny"]);
    assert.equal((await call("GET", "sys/policies/acl/brief")).status, 404);
    assert.equal((await put("brief", read, { expiration: "2999-01-01T00:00:00Z" })).status, 204);
    assert.deepEqual(await capabilities("a"), ["read"]);
    assert.deepEqual(errorsOf(await put("brief", read, { ttl: 1, expiration: "2999-01-01T00:00:00Z" })), [
      400,
      ["cannot supply both 'expiration' and 'ttl' for policies"],
    ]);
    assert.deepEqual(errorsOf(await put("brief", read, { expiration: "1999-01-01T00:00:00Z" })), [
      400,
      ["refusing to update policy as expiration time has already elapsed"],
    ]);
  });

  it("bind the tokens that have them at once", async () => {
    await put("user", 'path "transit/encrypt/plain" { capabilities = ["update"] }');
    const { as } = await tokenOf("user");
    const encrypt = async (more = {}) =>
      (await as("POST", "transit/encrypt/plain", { plaintext: base64("x"), ...more })).status;
    assert.equal(await encrypt(), 200);
    assert.equal((await as("POST", "transit/decrypt/plain", { ciphertext: "x" })).status, 403);
    assert.equal((await as("GET", "sys/policies/acl/user")).status, 403);
    await put(
      "user",
      'path "transit/encrypt/plain" { capabilities = ["update"] denied_parameters = { "key_version" = [1] } }',
    );
    assert.equal(await encrypt(), 200);
    assert.equal(await encrypt({ key_version: 1 }), 403);
    assert.equal(await encrypt({ KEY_VERSION: 1 }), 403);
    await put("user", 'path "transit/*" { capabilities = ["deny"] }');
    assert.equal(await encrypt(), 403);
    await call("DELETE", "sys/policies/acl/user");
    assert.equal(await encrypt(), 403);
  });

  it("let nobody make a key who may only use one", async () => {
    await put("user", 'path "transit/encrypt/*" { capabilities = ["update"] }');
    const { as } = await tokenOf("user");
    assert.equal((await as("POST", "transit/encrypt/unmade", { plaintext: base64("x") })).status, 403);
    await put("user", 'path "transit/encrypt/*" { capabilities = ["create"] }');
    assert.equal((await as("POST", "transit/encrypt/unmade", { plaintext: base64("x") })).status, 200);
    assert.equal((await as("POST", "transit/encrypt/unmade", { plaintext: base64("x") })).status, 403);
  });

  it("tell a token, its holder and whoever has its accessor what it may do", async () => {
    await put("caps", 'path "a/*" { capabilities = ["read", "list"] }\npath "a/b" { policy = "deny" }');
    const { as, token, accessor } = await tokenOf("caps");
    const paths = ["a/x", "a/b", "c"];
    const data = { "a/x": ["list", "read"], "a/b": ["deny"], c: ["deny"] };
    assert.deepEqual((await as("POST", "sys/capabilities-self", { paths })).json.data, data);
    assert.deepEqual((await call("POST", "sys/capabilities", { paths, token })).json.data, data);
    assert.deepEqual((await call("POST", "sys/capabilities-accessor", { paths, accessor })).json.data, data);
    assert.deepEqual((await as("POST", "sys/capabilities-self", { path: "a/x" })).json.capabilities, ["list", "read"]);
    assert.equal((await as("POST", "sys/capabilities", { paths, token })).status, 403);
    const bad = (problem: string) => [400, [`1 error occurred:\n\t* ${problem}\n\n`]];
    assert.deepEqual(errorsOf(await call("POST", "sys/capabilities", { paths, token: "x" })), bad("invalid token"));
    assert.deepEqual(errorsOf(await call("POST", "sys/capabilities", { paths })), bad("no token found"));
    assert.deepEqual(
      errorsOf(await call("POST", "sys/capabilities-accessor", { paths, accessor: "x" })),
      bad("invalid accessor"),
    );
    const lines = JSON.stringify(await t.test.auditEvents());
    assert.ok(!lines.includes(token));
  });

  // The published faults of Vault and OpenBao that concern policies, through the wire.
  it("are not got round by the spelling of a path", async () => {
    await put(
      "narrow",
      'path "transit/*" { capabilities = ["update", "read", "list"] }\npath "transit/keys/*" { policy = "deny" }',
    );
    const { as } = await tokenOf("narrow");
    for (const path of [
      "transit/keys/plain",
      "transit/keys/plain/",
      "transit//keys/plain",
      "transit/./keys/plain",
      "transit/x/../keys/plain",
      "transit/%6beys/plain",
      "transit/keys%2fplain",
      "transit/KEYS/plain",
      "Transit/keys/plain",
      "transit/keys/plain%20",
    ]) {
      const { status } = await as("GET", path);
      assert.ok(status === 403 || status === 400 || status === 404, `${path}: ${status}`);
    }
    for (const path of ["transit/keys", "transit/keys/", "transit/keys/?list=true"]) {
      const { status } = await as(path.includes("?") ? "GET" : "LIST", path);
      assert.equal(status, 403, path);
    }
    assert.equal((await as("GET", "transit/%6beys/plain")).status, 403);
  });

  it("do not list without an end for limit=0", async () => {
    await call("POST", "transit/keys/second", {});
    await put("pages", 'path "transit/keys/" { capabilities = ["list"] pagination_limit = 1 }');
    const { as } = await tokenOf("pages");
    for (const query of ["", "?limit=0", "?limit=max", "?limit=1"]) {
      assert.equal((await as("LIST", `transit/keys${query}`)).json.data.keys.length, 1, query);
    }
    assert.equal((await as("LIST", "transit/keys?limit=2")).status, 403);
    assert.equal((await as("LIST", "transit/keys?limit=-1")).status, 403);
  });

  it("are of IAM principals what their IAM policies say", async () => {
    const { core } = t.test;
    const request = t.test.request();
    const { principal } = await execute(core, createPrincipal, { kind: "user", name: "worker" }, request);
    const policy = { Effect: "Allow", Action: ["kms:Encrypt", "kms:ListKeys", "vault:Read"], Resource: "*" };
    const document = JSON.stringify({ Version: "2012-10-17", Statement: [policy] });
    await execute(core, putIdentityPolicy, { principalArn: principal.arn, policyName: "p", document }, request);
    const { token } = await execute(core, createToken, { principalArn: principal.arn }, request);
    const paths = [
      "transit/encrypt/plain",
      "transit/decrypt/plain",
      "transit/keys/",
      "sys/policies/acl/x",
      "transit/x",
    ];
    const { data } = (await call("POST", "sys/capabilities", { paths, token })).json;
    assert.deepEqual(Object.values(data), [["update"], ["deny"], ["list"], ["read"], ["deny"]]);
    const self = await call("POST", "sys/capabilities-self", { paths }, { "X-Vault-Token": token });
    assert.deepEqual(self.json.data, data);
    const read = await call("GET", "sys/policies/acl/default", undefined, { "X-Vault-Token": token });
    assert.equal(read.status, 200);
    assert.equal((await call("DELETE", "sys/policies/acl/x", undefined, { "X-Vault-Token": token })).status, 403);
  });
});
