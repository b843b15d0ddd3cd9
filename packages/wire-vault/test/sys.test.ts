import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { createPrincipal, createToken, execute } from "@coffer/service";
import { healthStatus } from "../src/sys/health.ts";
import { openVaultTest, type VaultTest } from "./vault-client.ts";

describe("sys and auth/token", () => {
  let vault: VaultTest;
  const call: VaultTest["call"] = (...args) => vault.call(...args);

  beforeEach(async () => {
    vault = await openVaultTest();
  });
  afterEach(() => vault.close());

  async function errorsOf(method: string, path: string, body?: unknown): Promise<[number, string[]]> {
    const answer = await call(method, path, body);
    return [answer.status, answer.json.errors];
  }

  it("answers public probes without a token and without an audit record", async () => {
    const before = (await vault.test.auditEvents()).length;
    const health = await call("GET", "sys/health", undefined, {});
    assert.equal(health.status, 200);
    assert.equal(health.json.initialized, true);
    assert.equal(health.json.sealed, false);
    assert.equal(health.json.standby, false);
    assert.equal(health.json.version, "1.2.3");
    assert.equal(health.json.server_time_utc, 1_767_225_600);
    assert.equal((await call("HEAD", "sys/health", undefined, {})).status, 200);
    const seal = await call("GET", "sys/seal-status", undefined, {});
    assert.deepEqual([seal.status, seal.json.sealed, seal.json.initialized], [200, false, true]);
    assert.deepEqual((await call("GET", "sys/init", undefined, {})).json, { initialized: true });
    assert.equal((await call("GET", "sys/leader", undefined, {})).json.is_self, true);
    assert.equal((await vault.test.auditEvents()).length, before);
  });

  it("gives health the statuses that were asked for", async () => {
    assert.equal((await call("GET", "sys/health?activecode=299", undefined, {})).status, 299);
    for (const query of ["activecode=x", "sealedcode=", "uninitcode=99", "standbycode=1000", "standbyok=maybe"]) {
      assert.deepEqual(await errorsOf("GET", `sys/health?${query}`), [400, []], query);
    }
    const codes = { active: 200, standby: 429, sealed: 503, uninitialized: 501 };
    const well = { initialized: true, sealed: false, standby: false, auditOk: true, storeOk: true };
    const status = (state: object, standbyOk = false) => healthStatus({ ...well, ...state }, { codes, standbyOk });
    assert.equal(status({}), 200);
    assert.equal(status({ initialized: false }), 501);
    assert.equal(status({ sealed: true }), 503);
    assert.equal(status({ standby: true }), 429);
    assert.equal(status({ standby: true }, true), 200);
    assert.equal(status({ auditOk: false }), 503);
    assert.equal(status({ storeOk: false }), 503);
    assert.equal(healthStatus({ ...well, auditOk: false }, { codes: { ...codes, sealed: 200 }, standbyOk: true }), 503);
  });

  it("says that the audit trail is not well before requests fail", async () => {
    const { core } = vault.test;
    const audit = core.audit;
    const ill = { ok: false, writable: false, reason: "The disk is full." };
    Object.defineProperty(core, "audit", {
      value: { ...audit, health: () => ill, append: (event: string) => audit.append(event) },
    });
    const health = await call("GET", "sys/health?activecode=200&sealedcode=200", undefined, {});
    assert.deepEqual([health.status, health.json.audit_ok], [503, false]);
    const [status, errors] = await errorsOf("POST", "transit/encrypt/k", { plaintext: "" });
    assert.equal(status, 503);
    assert.deepEqual(errors, ["the audit log cannot be written: The disk is full."]);
    Object.defineProperty(core, "audit", { value: audit });
  });

  it("enables, lists, shows and disables mounts", async () => {
    const enabled = await call("POST", "sys/mounts/team/one", {
      type: "transit",
      description: "of team one",
      config: { max_lease_ttl: "1h" },
      options: {},
    });
    assert.deepEqual([enabled.status, enabled.text], [204, ""]);
    const listed = await call("GET", "sys/mounts");
    const builtIn = ["cubbyhole/", "identity/", "sys/"];
    assert.deepEqual(Object.keys(listed.json.data), [...builtIn, "team/one/", "transit/"]);
    assert.equal(listed.json.mount_type, "system");
    const mount = listed.json.data["team/one/"];
    assert.equal(mount.type, "transit");
    assert.equal(mount.description, "of team one");
    assert.match(mount.accessor, /^transit_[0-9a-f]{8}$/);
    assert.deepEqual(listed.json["team/one/"], mount);
    assert.deepEqual((await call("GET", "sys/mounts/")).json.data, listed.json.data);
    assert.deepEqual((await call("GET", "sys/mounts/team/one")).json.data, mount);
    const tune = await call("GET", "sys/mounts/team/one/tune");
    assert.equal(tune.json.data.description, "of team one");
    assert.equal(tune.json.data.max_lease_ttl, 3600);
    const found = await call("GET", "sys/internal/ui/mounts/team/one/encrypt/k");
    assert.deepEqual(found.json.data, { ...mount, path: "team/one/" });
    await call("POST", "team/one/keys/k");
    assert.equal((await call("DELETE", "sys/mounts/team/one")).status, 204);
    assert.deepEqual(await errorsOf("GET", "team/one/keys/k"), [
      404,
      ['no handler for route "team/one/keys/k". route entry not found.'],
    ]);
    await call("POST", "sys/mounts/team/one", { type: "transit" });
    assert.equal((await call("GET", "team/one/keys/k")).status, 200);
  });

  it("refuses mounts as Vault does", async () => {
    const type = { type: "transit" };
    assert.deepEqual(await errorsOf("POST", "sys/mounts/transit", type), [400, ["path is already in use at transit/"]]);
    assert.deepEqual(await errorsOf("POST", "sys/mounts/transit/a", type), [
      400,
      ["path is already in use at transit/"],
    ]);
    await call("POST", "sys/mounts/a/b", type);
    assert.deepEqual(await errorsOf("POST", "sys/mounts/a", type), [400, ["path is already in use at a/b/"]]);
    assert.equal((await call("POST", "sys/mounts/a/bc", type)).status, 204);
    assert.deepEqual(await errorsOf("POST", "sys/mounts/x", { type: "pki" }), [
      400,
      ["plugin not found in the catalog: pki"],
    ]);
    assert.deepEqual(await errorsOf("POST", "sys/mounts/x", {}), [400, ["backend type must be specified as a string"]]);
    assert.deepEqual(await errorsOf("POST", "sys/mounts/x", { ...type, options: { version: "2" } }), [
      400,
      ['secrets engine "transit" does not allow setting a version'],
    ]);
    for (const path of ["sys", "auth/x", "identity", "cubbyhole", "audit"]) {
      assert.deepEqual(await errorsOf("POST", `sys/mounts/${path}`, type), [400, [`cannot mount "${path}/"`]]);
    }
    for (const path of ["a%20b", "x/.hidden", "-%2B", "m".repeat(101)]) {
      const [status, errors] = await errorsOf("POST", `sys/mounts/${path}`, type);
      assert.equal(status, 400);
      assert.match(errors[0]!, /^A mount path has at most 100 characters/, path);
    }
    assert.deepEqual(await errorsOf("GET", "sys/mounts/none"), [400, ["No secret engine mount at none/"]]);
    assert.deepEqual(await errorsOf("GET", "sys/mounts/none/tune"), [400, ['cannot fetch sysview for path "none/"']]);
    assert.equal((await call("DELETE", "sys/mounts/none")).status, 204);
    assert.deepEqual(await errorsOf("GET", "sys/internal/ui/mounts/none/x"), [
      403,
      ['preflight capability check returned 403, please ensure client\'s policies grant access to path "none/x/"'],
    ]);
  });

  it("enables no more mounts than it may", async () => {
    for (let index = 1; index < 200; index += 1) {
      assert.equal((await call("POST", `sys/mounts/m${index}`, { type: "transit" })).status, 204);
    }
    const [status, errors] = await errorsOf("POST", "sys/mounts/m200", { type: "transit" });
    assert.equal(status, 400);
    assert.match(errors[0]!, /^An instance has at most 200 mounts/);
  });

  it("tells a token about itself, and nobody else", async () => {
    const { token } = vault.test.root;
    const { json } = await call("GET", "auth/token/lookup-self");
    assert.equal(json.data.id, token);
    assert.deepEqual(json.data.policies, ["root"]);
    assert.deepEqual([json.data.ttl, json.data.expire_time, json.data.type], [0, null, "service"]);
    assert.deepEqual((await call("POST", "auth/token/lookup-self")).json.data, json.data);
    assert.deepEqual(await errorsOf("POST", "auth/token/renew-self", {}), [400, ["lease is not renewable"]]);
    const lines = JSON.stringify(await vault.test.auditEvents());
    assert.ok(!lines.includes(token));
  });

  it("lets any token give itself up, and forgets it when it expires", async () => {
    const { core } = vault.test;
    const request = vault.test.request();
    const { principal } = await execute(core, createPrincipal, { kind: "user", name: "u" }, request);
    const make = () => execute(core, createToken, { principalArn: principal.arn, lifetimeMs: 60_000 }, request);
    const own = { "X-Vault-Token": (await make()).token };
    const self = await call("GET", "auth/token/lookup-self", undefined, own);
    assert.deepEqual([self.json.data.policies, self.json.data.ttl], [["default"], 60]);
    assert.equal(self.json.data.expire_time, "2026-01-01T00:01:00.000Z");
    assert.equal((await call("POST", "auth/token/revoke-self", undefined, own)).status, 204);
    assert.equal((await call("GET", "auth/token/lookup-self", undefined, own)).status, 403);
    const later = { "X-Vault-Token": (await make()).token };
    assert.equal((await call("GET", "auth/token/lookup-self", undefined, later)).status, 200);
    vault.test.clock.advance(60_000);
    assert.equal((await call("GET", "auth/token/lookup-self", undefined, later)).status, 403);
    assert.equal((await call("GET", "auth/token/lookup-self")).status, 200);
  });

  it("tells the root its capabilities", async () => {
    const one = await call("POST", "sys/capabilities-self", { paths: ["transit/encrypt/k"] });
    assert.deepEqual(one.json.data, { "transit/encrypt/k": ["root"], capabilities: ["root"] });
    assert.deepEqual(one.json.capabilities, ["root"]);
    const two = await call("POST", "sys/capabilities-self", { path: "a,b" });
    assert.deepEqual(two.json.data, { a: ["root"], b: ["root"] });
    assert.deepEqual(await errorsOf("POST", "sys/capabilities-self", {}), [400, ["paths must be supplied"]]);
    const many = Array.from({ length: 101 }, (_, index) => `p${index}`);
    assert.deepEqual(await errorsOf("POST", "sys/capabilities-self", { paths: many }), [
      400,
      ["at most 100 paths may be supplied"],
    ]);
  });

  it("makes random bytes, by body, by path and by query", async () => {
    const lengths: [string, string, unknown, number][] = [
      ["POST", "transit/random", undefined, 32],
      ["POST", "transit/random", { bytes: 5 }, 5],
      ["POST", "transit/random/7", undefined, 7],
      ["POST", "transit/random/platform/9", { bytes: 5 }, 9],
      ["POST", "transit/random/all", { bytes: "6" }, 6],
      ["GET", "transit/random?bytes=8", undefined, 8],
      ["POST", "sys/tools/random/10", undefined, 10],
      ["POST", "transit/random/131072", undefined, 131_072],
    ];
    for (const [method, path, body, bytes] of lengths) {
      const { json } = await call(method, path, body);
      assert.equal(Buffer.from(json.data.random_bytes, "base64").length, bytes, path);
    }
    assert.match((await call("POST", "transit/random/4", { format: "hex" })).json.data.random_bytes, /^[0-9a-f]{8}$/);
    assert.match((await call("POST", "transit/random/seal", {})).json.warnings[0], /^no seal\/entropy augmentation/);
    const wrong: [string, unknown, string][] = [
      ["transit/random/0", undefined, "'bytes' cannot be less than 1"],
      ["transit/random/131073", undefined, "'bytes' should be less than 131072"],
      ["transit/random", { format: "x" }, 'unsupported encoding format "x"; must be "hex" or "base64"'],
      ["transit/random/moon/5", undefined, 'unsupported entropy source "moon"; must be "platform" or "seal", or "all"'],
      ["transit/random/many", undefined, "error parsing url-set byte count: invalid syntax"],
    ];
    for (const [path, body, message] of wrong) assert.deepEqual(await errorsOf("POST", path, body), [400, [message]]);
  });
});
