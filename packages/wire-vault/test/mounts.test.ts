import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { issueVaultToken } from "@coffer/service";
import { openVaultTest, type VaultTest } from "./vault-client.ts";

describe("mounts and their settings", () => {
  let vault: VaultTest;
  const call: VaultTest["call"] = (...args) => vault.call(...args);
  const data = async (path: string) => (await call("GET", path)).json.data;

  beforeEach(async () => {
    vault = await openVaultTest();
  });
  afterEach(async () => {
    assert.deepEqual(vault.test.bugs, []);
    await vault.close();
  });

  async function refusal(method: string, path: string, body?: unknown): Promise<string> {
    const answer = await call(method, path, body);
    assert.equal(answer.status, 400, answer.text);
    return answer.json.errors[0];
  }

  /** A token with one policy. */
  async function tokenOf(text: string): Promise<Record<string, string>> {
    const { core } = vault.test;
    const name = `p${core.randomness.id()}`;
    await core.commit([core.vaultEntries.insert("sys/policy", name, { text })]);
    const facts = { displayName: "t", path: "auth/token/create", meta: null, ttl: 0, maxTtl: 0, explicitMaxTtl: 0 };
    const wanted = { ...facts, policies: [name], period: 0, numUses: 0, renewable: true };
    const { token, writes } = issueVaultToken(core, wanted, core.clock.nowMs());
    await core.commit(writes);
    return { "X-Vault-Token": token };
  }

  it("lists what is always there as OpenBao does", async () => {
    const { accessor, uuid, ...sys } = (await data("sys/mounts"))["sys/"];
    assert.match(accessor, /^system_[0-9a-f]{8}$/);
    assert.match(uuid, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.deepEqual(sys, {
      config: {
        default_lease_ttl: 0,
        force_no_cache: false,
        max_lease_ttl: 0,
        passthrough_request_headers: ["Accept"],
      },
      description: "system endpoints used for control, policy and debugging",
      external_entropy_access: false,
      local: false,
      options: null,
      plugin_version: "",
      running_plugin_version: "",
      running_sha256: "",
      seal_wrap: true,
      type: "system",
    });
    const methods = await data("sys/auth");
    assert.deepEqual(Object.keys(methods), ["token/"]);
    assert.match(methods["token/"].accessor, /^auth_token_[0-9a-f]{8}$/);
    assert.equal(methods["token/"].config.token_type, "default-service");
    assert.deepEqual(await data("sys/auth/token"), methods["token/"]);
    assert.deepEqual(await data("sys/mounts/auth/token"), methods["token/"]);
  });

  it("keeps the settings of a new mount", async () => {
    const made = await call("POST", "sys/mounts/t2", {
      type: "transit",
      description: "d",
      local: true,
      seal_wrap: "true",
      external_entropy_access: true,
      options: { a: "b" },
      config: {
        default_lease_ttl: "1h",
        max_lease_ttl: 7200,
        listing_visibility: "unauth",
        audit_non_hmac_request_keys: ["a"],
        audit_non_hmac_response_keys: "x,y",
        passthrough_request_headers: ["H"],
        allowed_response_headers: "Z",
        force_no_cache: true,
        token_type: "service",
      },
    });
    assert.equal(made.status, 204);
    const { config, options, local, seal_wrap, external_entropy_access } = await data("sys/mounts/t2");
    assert.deepEqual([options, local, seal_wrap, external_entropy_access], [{ a: "b" }, true, true, true]);
    const settings = {
      allowed_response_headers: ["Z"],
      audit_non_hmac_request_keys: ["a"],
      audit_non_hmac_response_keys: ["x", "y"],
      default_lease_ttl: 3600,
      force_no_cache: true,
      listing_visibility: "unauth",
      max_lease_ttl: 7200,
      passthrough_request_headers: ["H"],
    };
    assert.deepEqual(config, settings);
    assert.deepEqual(await data("sys/mounts/t2/tune"), {
      ...settings,
      description: "d",
      external_entropy_access: true,
      options: { a: "b" },
    });
  });

  it("refuses settings in the original's words", async () => {
    const wrong: [object, string][] = [
      [{ default_lease_ttl: "3h", max_lease_ttl: "2h" }, "given default lease TTL greater than given max lease TTL"],
      [{ default_lease_ttl: "30000h" }, "given default lease TTL greater than system max lease TTL of 2764800"],
      [{ default_lease_ttl: "xx" }, 'unable to parse default TTL of "xx": invalid duration'],
      [{ listing_visibility: "sometimes" }, "invalid listing_visibility sometimes"],
    ];
    for (const [config, reason] of wrong) {
      assert.equal(await refusal("POST", "sys/mounts/t2", { type: "transit", config }), reason);
    }
    const types: [string, object, string][] = [
      ["sys/mounts/x", { type: "cubbyhole" }, 'mount type of "cubbyhole" is not mountable'],
      ["sys/mounts/x", { type: "plugin" }, "plugin_name must be provided for plugin backend"],
      ["sys/mounts/x", { type: "approle" }, "plugin not found in the catalog: approle"],
      ["sys/auth/x", { type: "token" }, "token credential backend cannot be instantiated"],
      ["sys/auth/x", { type: "transit" }, "plugin not found in the catalog: transit"],
      ["sys/auth/x", {}, "backend type must be specified as a string"],
      [
        "sys/mounts/x",
        { type: "transit", config: "x" },
        'Field validation failed: error converting input for field "config": expected a map',
      ],
    ];
    for (const [path, body, reason] of types) assert.equal(await refusal("POST", path, body), reason);
    assert.equal(await refusal("GET", "sys/auth/none"), "No auth engine at none/");
    assert.equal(await refusal("GET", "sys/auth/none/tune"), 'cannot fetch sysview for path "auth/none/"');
    assert.equal(await refusal("DELETE", "sys/mounts/sys"), 'cannot unmount "sys/"');
    assert.equal(await refusal("DELETE", "sys/auth/token"), "token credential backend cannot be disabled");
    assert.equal(await refusal("DELETE", "sys/mounts/auth/none"), 'cannot unmount "auth/none/"');
    assert.equal((await call("DELETE", "sys/auth/none")).status, 204);
  });

  it("tunes what is given and leaves the rest", async () => {
    const tune = (body: object) => call("POST", "sys/mounts/transit/tune", body);
    assert.equal((await tune({ description: "new", max_lease_ttl: "2h", options: { a: "1", b: "2" } })).status, 204);
    assert.equal((await tune({ default_lease_ttl: 60, listing_visibility: "hidden", options: { a: "" } })).status, 204);
    assert.deepEqual(await data("sys/mounts/transit/tune"), {
      default_lease_ttl: 60,
      description: "new",
      force_no_cache: false,
      listing_visibility: "hidden",
      max_lease_ttl: 7200,
      options: { b: "2" },
    });
    await tune({ max_lease_ttl: "system", listing_visibility: "", passthrough_request_headers: "A,B" });
    await tune({ options: { b: "" }, default_lease_ttl: "0" });
    const tuned = await data("sys/mounts/transit/tune");
    assert.deepEqual(tuned.passthrough_request_headers, ["A", "B"]);
    assert.deepEqual([tuned.max_lease_ttl, tuned.default_lease_ttl], [2_764_800, 2_764_800]);
    assert.ok(!("options" in tuned) && !("listing_visibility" in tuned));
    await tune({ passthrough_request_headers: "" });
    assert.ok(!("passthrough_request_headers" in (await data("sys/mounts/transit/tune"))));
    await tune({ default_lease_ttl: "1h" });
    const tuning: [string, object, string][] = [
      [
        "transit",
        { max_lease_ttl: "1" },
        "backend max lease TTL of 1 would be less than backend default lease TTL of 3600",
      ],
      ["transit", { listing_visibility: "zz" }, "invalid listing_visibility zz"],
      ["transit", { token_type: "service" }, "'token_type' can only be modified on auth mounts"],
      ["auth/token", { token_type: "service" }, "'token_type' cannot be set for 'token' or 'ns_token' auth mounts"],
      ["transit", { options: { version: "2" } }, 'secrets engine "transit" does not allow setting a version'],
      [
        "transit",
        { user_lockout_config: { lockout_threshold: "5" } },
        'tuning of user lockout configuration for auth type "transit" not allowed',
      ],
      ["none", { description: "x" }, 'tune of path "none/" failed: no mount entry found'],
      ["sys", { description: "x" }, "cannot tune parameter description of sys/"],
    ];
    for (const [path, body, reason] of tuning) {
      assert.equal(await refusal("POST", `sys/mounts/${path}/tune`, body), reason);
    }
  });

  it("tunes built-in mounts, whose changes stay", async () => {
    assert.equal((await call("POST", "sys/auth/token/tune", { max_lease_ttl: "1h", description: "x" })).status, 204);
    assert.equal((await call("POST", "sys/auth/token/tune", { max_lease_ttl: "2h" })).status, 204);
    const token = await data("sys/auth/token/tune");
    assert.deepEqual([token.max_lease_ttl, token.description, token.token_type], [7200, "x", "default-service"]);
    assert.equal((await call("POST", "sys/mounts/sys/tune", { audit_non_hmac_request_keys: "a,b" })).status, 204);
    assert.deepEqual((await data("sys/mounts/sys/tune")).audit_non_hmac_request_keys, ["a", "b"]);
    assert.equal((await call("GET", "sys/mounts")).json.data["sys/"].type, "system");
    assert.equal(await refusal("POST", "sys/mounts/sys", { type: "transit" }), 'cannot mount "sys/"');
  });

  it("asks for sudo below sys/auth, and not below sys/mounts", async () => {
    const own = await tokenOf(`
      path "sys/auth/*" { capabilities = ["read", "update"] }
      path "sys/mounts/*" { capabilities = ["read"] }`);
    assert.equal((await call("GET", "sys/mounts/transit", undefined, own)).status, 200);
    assert.equal((await call("GET", "sys/auth/token", undefined, own)).status, 403);
    assert.equal((await call("POST", "sys/auth/token/tune", { description: "x" }, own)).status, 403);
  });

  it("shows the mounts that a token reaches below, and to everybody those that say so", async () => {
    await call("POST", "sys/mounts/open", { type: "transit", config: { listing_visibility: "unauth" } });
    await call("POST", "sys/mounts/team/kv", { type: "kv-v2", description: "of the team" });
    const shown = async (headers: Record<string, string>) => {
      const answer = await call("GET", "sys/internal/ui/mounts", undefined, headers);
      assert.equal(answer.status, 200, answer.text);
      return answer.json.data;
    };
    const names = async (rules: string) => Object.keys((await shown(await tokenOf(rules))).secret);
    const anybody = await shown({});
    assert.deepEqual(anybody, { auth: {}, secret: { "open/": { description: "", options: {}, type: "transit" } } });
    const everything = await shown({ "X-Vault-Token": vault.test.root.token });
    assert.deepEqual(Object.keys(everything.auth), ["token/"]);
    assert.equal(Object.keys(everything.secret).length, 6);
    assert.equal(everything.secret["team/kv/"].options.version, "2");
    // The policy `default` is in all of them: cubbyhole and parts of sys.
    const always = ["cubbyhole/", "identity/", "open/", "sys/"];
    const rows: [string, string[]][] = [
      ["", []],
      ['path "team/kv/data/a" { capabilities = ["read"] }', ["team/kv/"]],
      ['path "team/kv/*" { capabilities = ["read"] }', ["team/kv/"]],
      ['path "team/*" { capabilities = ["read"] }', ["team/kv/"]],
      ['path "+/kv/data/*" { capabilities = ["read"] }', ["team/kv/", "transit/"]],
      ['path "+/+/data/+/x" { capabilities = ["read"] }', ["team/kv/", "transit/"]],
      ['path "team/kv/data/a" { capabilities = ["deny"] }', []],
      ['path "team/*" { capabilities = ["deny"] }', []],
      ['path "team/kvx/*" { capabilities = ["read"] }', []],
      ['path "+/other/*" { capabilities = ["read"] }', ["transit/"]],
    ];
    for (const [rules, more] of rows) {
      assert.deepEqual((await names(rules)).sort(), [...always, ...more].sort(), rules);
    }
    assert.equal((await call("GET", "sys/internal/ui/mounts", undefined, { "X-Vault-Token": "hvs.bad" })).status, 403);
  });

  it("tells which mount a path lies on to whoever may do something there, without a policy for that", async () => {
    await call("POST", "sys/mounts/team/kv", { type: "kv-v2" });
    const own = await tokenOf('path "team/kv/data/a" { capabilities = ["read"] }');
    const find = (path: string, headers: Record<string, string>) =>
      call("GET", `sys/internal/ui/mounts/${path}`, undefined, headers);
    const found = await find("team/kv/data/a", own);
    assert.deepEqual([found.status, found.json.data.path, found.json.data.type], [200, "team/kv/", "kv"]);
    for (const path of ["transit/keys", "nowhere/x"]) {
      const refused = await find(path, own);
      assert.equal(refused.status, 403, path);
      assert.match(refused.json.errors[0], /^preflight capability check returned 403/);
    }
    assert.equal((await find("team/kv/data/a", {})).status, 403);
    assert.equal((await find("auth/token", { "X-Vault-Token": vault.test.root.token })).json.data.path, "token/");
  });

  it("tells a token what its policies come to", async () => {
    const own = await tokenOf(`
      path "a/b" { capabilities = ["read", "create"] required_parameters = ["x"] }
      path "c/*" { capabilities = ["deny"] }
      path "sys/internal/ui/resultant-acl" { capabilities = ["read"] }`);
    const { data } = (await call("GET", "sys/internal/ui/resultant-acl", undefined, own)).json;
    assert.equal(data.root, false);
    assert.deepEqual(data.exact_paths["a/b"], { capabilities: ["create", "read"], required_parameters: ["x"] });
    assert.deepEqual(data.glob_paths["c/"], { capabilities: ["deny"] });
    assert.deepEqual((await call("GET", "sys/internal/ui/resultant-acl")).json.data, { root: true });
  });

  it("moves a mount with what it keeps", async () => {
    await call("POST", "sys/mounts/kv", { type: "kv-v2" });
    await call("POST", "kv/data/a", { data: { x: 1 } });
    const moved = await call("POST", "sys/remount", { from: "kv/", to: "team/kv" });
    assert.equal(moved.status, 200, moved.text);
    assert.equal(moved.json.migration_id, moved.json.data.migration_id);
    assert.deepEqual((await call("GET", "team/kv/data/a")).json.data.data, { x: 1 });
    assert.equal((await call("GET", "kv/data/a")).status, 404);
    const status = await data(`sys/remount/status/${moved.json.data.migration_id}`);
    assert.deepEqual(status.migration_info, { source_mount: "kv/", status: "success", target_mount: "team/kv/" });
    assert.equal((await call("GET", "sys/remount/status/none")).status, 404);
    await call("POST", "transit/keys/k");
    const wrong: [object, string | RegExp][] = [
      [{ from: "nope", to: "x" }, 'no matching mount at "nope/"'],
      [{ from: "team/kv", to: "transit" }, 'path already in use at "transit/"'],
      [{ from: "team/kv", to: "transit/a" }, 'path already in use at "transit/"'],
      [{ from: "sys", to: "x" }, 'cannot remount "sys/"'],
      [{ from: "team/kv", to: "sys/a" }, "cannot remount to destination sys/a/"],
      [{ from: "team/kv", to: "auth/a" }, "cannot remount to destination auth/a/"],
      [{ from: "auth/approle", to: "x" }, 'cannot remount auth mount to non-auth mount "x/"'],
      [{ from: "auth/token", to: "auth/x" }, 'cannot remount "auth/token/"'],
      [{ from: "auth/approle", to: "auth/token" }, 'cannot remount to destination "auth/token/"'],
      [{ from: "team/kv" }, "both 'from' and 'to' path must be specified as a string"],
      [{ from: " a", to: "b" }, "'from' path cannot contain trailing whitespace"],
      [{ from: "team/kv", to: "a//b" }, /^A mount path has/],
      [{ from: "transit", to: "x" }, /^a Transit mount with keys cannot be moved/],
    ];
    for (const [body, reason] of wrong) {
      const refused = await refusal("POST", "sys/remount", body);
      if (typeof reason === "string") assert.equal(refused, reason);
      else assert.match(refused, reason);
    }
    const own = await tokenOf('path "sys/remount" { capabilities = ["update"] }');
    assert.equal((await call("POST", "sys/remount", { from: "team/kv", to: "y" }, own)).status, 403);
  });
});
