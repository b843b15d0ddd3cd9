import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { limits } from "@coffer/service";
import { callOpen, dataOf, done, mountAuth, permissionDenied, refused } from "./auth-methods.ts";
import { openVaultTest, type VaultTest } from "./vault-client.ts";

describe("AppRole", () => {
  let t: VaultTest;
  let mount: string;
  let mounts = 0;

  before(async () => {
    t = await openVaultTest();
  });
  beforeEach(async () => {
    mounts += 1;
    mount = `auth/approle-${mounts}`;
    await mountAuth(t, "approle", `approle-${mounts}`);
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  const role = (name: string, body: unknown = {}) => t.call("POST", `${mount}/role/${name}`, body);
  const part = (method: string, path: string, body?: unknown) => t.call(method, `${mount}/role/${path}`, body);
  const roleIdOf = async (name: string): Promise<string> => dataOf(await part("GET", `${name}/role-id`)).role_id;
  const secretIdOf = async (name: string, body: unknown = {}): Promise<string> =>
    dataOf(await part("POST", `${name}/secret-id`, body)).secret_id;
  const logIn = (role_id: string, secret_id?: string, from?: string) =>
    callOpen(t, `${mount}/login`, { role_id, secret_id }, from);

  it("keeps roles, by names in any case, and shows them as Vault does", async () => {
    done(await role("Web", { policies: "b,A", secret_id_num_uses: 2, secret_id_ttl: "1h", token_ttl: "20m" }));
    assert.deepEqual(dataOf(await part("GET", "wEB")), {
      bind_secret_id: true,
      local_secret_ids: false,
      policies: ["a", "b"],
      secret_id_bound_cidrs: null,
      secret_id_num_uses: 2,
      secret_id_ttl: 3600,
      token_bound_cidrs: [],
      token_explicit_max_ttl: 0,
      token_max_ttl: 0,
      token_no_default_policy: false,
      token_num_uses: 0,
      token_period: 0,
      token_policies: ["b", "A"],
      token_strictly_bind_ip: false,
      token_ttl: 1200,
      token_type: "default",
    });
    done(await role("web", { token_policies: ["c"], period: 60 }));
    const changed = dataOf(await part("GET", "web"));
    assert.deepEqual([changed.policies, changed.token_policies, changed.period], [undefined, ["c"], 60]);
    done(await role("api"));
    assert.deepEqual(dataOf(await t.call("LIST", `${mount}/role`)), { keys: ["api", "web"] });
    assert.deepEqual(dataOf(await t.call("LIST", `${mount}/role?after=api&limit=5`)), { keys: ["web"] });
    done(await part("DELETE", "web"));
    done(await part("DELETE", "web"));
    refused(await part("GET", "web"), 404);
    const odd = await role("odd", { token_type: "default-service" });
    assert.deepEqual(odd.json.warnings, ["default-service has no useful meaning; adjusting to service"]);
    assert.equal(dataOf(await part("GET", "odd")).token_type, "service");
  });

  it("refuses roles in the original's words", async () => {
    const wrong: readonly (readonly [object, string])[] = [
      [{ token_type: "weird" }, `invalid 'token_type' value "weird"`],
      [{ token_ttl: 10, token_max_ttl: 5 }, "'token_ttl' cannot be greater than 'token_max_ttl'"],
      [{ token_num_uses: -1 }, "'token_num_uses' cannot be negative"],
      [{ secret_id_num_uses: -1 }, "secret_id_num_uses cannot be negative"],
      [{ role_id: "" }, "invalid role_id supplied, or failed to generate a role_id"],
      [{ bind_secret_id: false }, "at least one constraint should be enabled on the role"],
      [{ secret_id_bound_cidrs: "1.2.3.4" }, "failed to validate CIDR blocks: invalid CIDR address"],
      [
        { token_bound_cidrs: "x" },
        'error parsing address "x": Unable to convert "x" to an IPv4 or IPv6 address, or a UNIX Socket',
      ],
      [
        { token_strictly_bind_ip: true, token_bound_cidrs: "127.0.0.1" },
        "'token_strictly_bind_ip' conflicts with 'token_bound_cidrs'; set only one",
      ],
      [
        { token_type: "batch", token_period: 60 },
        "'token_type' cannot be 'batch' or 'default_batch' when set to generate periodic tokens",
      ],
      [
        { token_type: "batch", token_num_uses: 1 },
        "'token_type' cannot be 'batch' or 'default_batch' when set to generate tokens with limited use count",
      ],
      [{ period: "800h" }, `period of "2880000s" is greater than the backend's maximum lease TTL of "2764800s"`],
      [{ role_id: "x".repeat(limits.appRoleIdBytes.value + 1) }, "role_id is longer than maximum of 4096 bytes"],
    ];
    for (const [body, error] of wrong) refused(await role("bad", body), 400, error);
    refused(await part("GET", "bad"), 404);
    done(await role("r", { role_id: "mine" }));
    refused(await role("other", { role_id: "mine" }), 400, "role_id already in use");
    refused(
      await role("r", { local_secret_ids: true }),
      400,
      "local_secret_ids can only be modified during role creation",
    );
  });

  it("has a path for each parameter of a role", async () => {
    done(await role("r", { secret_id_bound_cidrs: "10.0.0.0/8", local_secret_ids: true }));
    const parts: readonly (readonly [string, object, object, object | undefined])[] = [
      ["policies", { policies: "x" }, { policies: ["x"], token_policies: ["x"] }, { token_policies: [] }],
      [
        "secret-id-bound-cidrs",
        { secret_id_bound_cidrs: ["127.0.0.0/8"] },
        { secret_id_bound_cidrs: ["127.0.0.0/8"] },
        { secret_id_bound_cidrs: null },
      ],
      ["token-bound-cidrs", { token_bound_cidrs: "::1" }, { token_bound_cidrs: ["::1"] }, { token_bound_cidrs: null }],
      ["bind-secret-id", { bind_secret_id: true }, { bind_secret_id: true }, { bind_secret_id: true }],
      ["secret-id-num-uses", { secret_id_num_uses: "5" }, { secret_id_num_uses: 5 }, { secret_id_num_uses: 0 }],
      ["secret-id-ttl", { secret_id_ttl: "2m" }, { secret_id_ttl: 120 }, { secret_id_ttl: 0 }],
      ["period", { token_period: 5 }, { token_period: 5 }, { token_period: 0 }],
      ["token-num-uses", { token_num_uses: 3 }, { token_num_uses: 3 }, { token_num_uses: 0 }],
      ["token-ttl", { token_ttl: 30 }, { token_ttl: 30 }, { token_ttl: 0 }],
      ["token-max-ttl", { token_max_ttl: 60 }, { token_max_ttl: 60 }, { token_max_ttl: 0 }],
      ["role-id", { role_id: "rid" }, { role_id: "rid" }, undefined],
    ];
    for (const [path, body, shown, initial] of parts) {
      refused(await part("POST", `none/${path}`, body), 404, "1 error occurred:\n\t* unsupported path\n\n");
      refused(await part("GET", `none/${path}`), 404);
      done(await part("POST", `r/${path}`, body));
      assert.deepEqual(dataOf(await part("GET", `r/${path}`)), shown, path);
      assert.match((await part("POST", `r/${path}`, {})).text, /missing /);
      if (initial === undefined) continue;
      done(await part("DELETE", `r/${path}`));
      done(await part("DELETE", `none/${path}`));
      assert.deepEqual(dataOf(await part("GET", `r/${path}`)), initial, path);
    }
    assert.deepEqual(dataOf(await part("GET", "r/local-secret-ids")), { local_secret_ids: true });
    assert.match((await part("GET", "r/bound-cidr-list")).json.warnings[0], /deprecated/);
  });

  it("gives tokens for a role id with a secret id", async () => {
    done(await role("web", { token_policies: "deploy", token_ttl: 60, token_num_uses: 7 }));
    const roleId = await roleIdOf("web");
    const secretId = await secretIdOf("web", { metadata: '{"team":"a"}' });
    const answer = await logIn(` ${roleId} `, ` ${secretId} `);
    assert.equal(answer.status, 200, answer.text);
    const { client_token, accessor, ...auth } = answer.json.auth;
    assert.match(client_token, /^hvs\./);
    assert.equal(typeof accessor, "string");
    assert.deepEqual(
      { ...auth, entity_id: "" },
      {
        policies: ["default", "deploy"],
        token_policies: ["default", "deploy"],
        metadata: { team: "a", role_name: "web" },
        lease_duration: 60,
        renewable: true,
        entity_id: "",
        token_type: "service",
        orphan: true,
        mfa_requirement: null,
        num_uses: 7,
      },
    );
    const found = await t.test.core.identities.findToken(client_token);
    assert.equal(found?.token?.displayName, mount.slice("auth/".length));
    assert.equal(found.token.vault?.path, `${mount}/login`);
  });

  it("refuses wrong credentials with one text, whichever half is wrong", async () => {
    done(await role("web"));
    done(await role("other"));
    const [roleId, secretId] = [await roleIdOf("web"), await secretIdOf("web")];
    for (const [shownRole, shownSecret] of [
      ["nobody", secretId],
      [roleId, "wrong"],
      [await roleIdOf("other"), secretId],
      [roleId, secretId.toUpperCase()],
    ] as const) {
      refused(await logIn(shownRole, shownSecret), 400, "invalid role or secret ID");
    }
    refused(await logIn("", secretId), 400, "missing role_id");
    refused(await logIn(roleId), 400, "missing secret_id");
    const record = (await t.test.auditEvents()).filter(({ eventName }) => eventName === "AppRoleLogin").at(-1);
    assert.equal(record?.["errorCode"], "ValidationException");
    assert.ok(!JSON.stringify(await t.test.auditEvents()).includes(secretId));
  });

  it("lets a secret id be used so many times, also when it is used at once", async () => {
    done(await role("web", { secret_id_num_uses: 3 }));
    const roleId = await roleIdOf("web");
    const secretId = await secretIdOf("web");
    const answers = await Promise.all(Array.from({ length: 8 }, () => logIn(roleId, secretId)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 400, 400, 400, 400, 400]);
    refused(await logIn(roleId, secretId), 403, "permission denied");
    refused(await part("LIST", "web/secret-id"), 404);
  });

  it("shows the uses that are left, and ends secret ids with their time", async () => {
    done(await role("web", { secret_id_num_uses: 5, secret_id_ttl: 100 }));
    const roleId = await roleIdOf("web");
    const secretId = await secretIdOf("web", { num_uses: 2, ttl: "50s" });
    assert.equal((await logIn(roleId, secretId)).status, 200);
    const shown = dataOf(await part("POST", "web/secret-id/lookup", { secret_id: secretId }));
    assert.deepEqual([shown.secret_id_num_uses, shown.secret_id_ttl], [1, 50]);
    assert.equal(Date.parse(shown.expiration_time) - Date.parse(shown.creation_time), 50_000);
    t.test.clock.advance(50_000);
    refused(await logIn(roleId, secretId), 400, "invalid role or secret ID");
    done(await part("POST", "web/secret-id/lookup", { secret_id: secretId }));
    refused(
      await part("POST", "web/secret-id", { num_uses: 6 }),
      400,
      "num_uses cannot be higher than the role's secret_id_num_uses",
    );
    refused(
      await part("POST", "web/secret-id", { num_uses: 0 }),
      400,
      "num_uses cannot be higher than the role's secret_id_num_uses",
    );
    refused(await part("POST", "web/secret-id", { num_uses: -1 }), 400, "num_uses cannot be negative");
    refused(
      await part("POST", "web/secret-id", { ttl: 101 }),
      400,
      "ttl cannot be longer than the role's secret_id_ttl",
    );
    refused(await part("POST", "web/secret-id", { ttl: 0 }), 400, "ttl cannot be longer than the role's secret_id_ttl");
  });

  it("takes custom secret ids, once", async () => {
    done(await role("web"));
    const made = dataOf(await part("POST", "web/custom-secret-id", { secret_id: "mine", metadata: "a=b,c=d" }));
    assert.equal(made.secret_id, "mine");
    const again = await part("POST", "web/custom-secret-id", { secret_id: "mine" });
    refused(again, 400, "failed to store secret_id: SecretID is already registered");
    refused(await part("POST", "web/custom-secret-id", {}), 400, "missing secret_id");
    refused(await part("POST", "none/custom-secret-id", { secret_id: "x" }), 404, 'role "none" does not exist');
    const answer = await logIn(await roleIdOf("web"), "mine");
    assert.deepEqual(answer.json.auth.metadata, { a: "b", c: "d", role_name: "web" });
    for (const metadata of ["abc", "{", '{"a":1}']) {
      assert.match((await part("POST", "web/secret-id", { metadata })).text, /failed to parse metadata/);
    }
  });

  it("lists, looks up and destroys secret ids, also by their accessors, of their own role alone", async () => {
    done(await role("web"));
    done(await role("other"));
    const [one, two] = [
      dataOf(await part("POST", "web/secret-id", {})),
      dataOf(await part("POST", "web/secret-id", { cidr_list: "127.0.0.0/8" })),
    ];
    const accessors = [one.secret_id_accessor, two.secret_id_accessor];
    assert.deepEqual(dataOf(await part("LIST", "web/secret-id")).keys.sort(), accessors.toSorted());
    const by = (name: string, what: string, secret_id_accessor: string) =>
      part("POST", `${name}/secret-id-accessor/${what}`, { secret_id_accessor });
    assert.deepEqual(dataOf(await by("web", "lookup", accessors[1])).cidr_list, ["127.0.0.0/8"]);
    const missing = `failed to find accessor entry for secret_id_accessor: ${JSON.stringify(accessors[1])}`;
    refused(await by("other", "lookup", accessors[1]), 404, missing);
    refused(await by("other", "destroy", accessors[1]), 404, missing);
    done(await by("web", "destroy", accessors[1]));
    refused(await by("web", "destroy", accessors[1]), 404, missing);
    const roleId = await roleIdOf("web");
    refused(await logIn(roleId, two.secret_id), 400, "invalid role or secret ID");
    assert.equal((await logIn(roleId, one.secret_id)).status, 200);
    done(await part("POST", "other/secret-id/destroy", { secret_id: one.secret_id }));
    assert.equal((await logIn(roleId, one.secret_id)).status, 200);
    done(await part("POST", "web/secret-id/destroy", { secret_id: one.secret_id }));
    refused(await logIn(roleId, one.secret_id), 400, "invalid role or secret ID");
    refused(await part("LIST", "web/secret-id"), 404);
    refused(await part("LIST", "none/secret-id"), 400, 'role "none" does not exist');
  });

  it("binds secret ids, roles and tokens to networks", async () => {
    done(await role("web", { secret_id_bound_cidrs: "10.0.0.0/8", token_bound_cidrs: "10.0.0.0/8" }));
    const roleId = await roleIdOf("web");
    const wide = await secretIdOf("web");
    const narrow = await secretIdOf("web", { cidr_list: "10.1.0.0/16", token_bound_cidrs: "10.1.2.0/24" });
    refused(
      await logIn(roleId, wide, "11.0.0.1"),
      400,
      'source address "11.0.0.1" unauthorized by CIDR restrictions on the role',
    );
    refused(
      await logIn(roleId, narrow, "10.2.0.1"),
      400,
      'source address "10.2.0.1" unauthorized through CIDR restrictions on the secret ID',
    );
    const elsewhere = await logIn(roleId, narrow, "10.1.3.1");
    assert.equal(elsewhere.status, 200, "the networks of a token bind its use");
    assert.equal((await logIn(roleId, wide, "10.2.0.1")).status, 200);
    const answer = await logIn(roleId, narrow, "::ffff:10.1.2.3");
    const found = await t.test.core.identities.findToken(answer.json.auth.client_token);
    assert.deepEqual(found?.token?.vault?.boundCidrs, ["10.1.2.0/24"]);
    const outside = { cidr_list: "11.0.0.0/8" };
    assert.match((await part("POST", "web/secret-id", outside)).text, /failed to verify subset relationship/);
    assert.match(
      (await part("POST", "web/secret-id", { token_bound_cidrs: "10.0.0.0/7" })).text,
      /subset relationship/,
    );
    done(await role("web", { secret_id_bound_cidrs: "10.2.0.0/16" }));
    assert.match((await logIn(roleId, narrow, "10.1.2.3")).text, /unauthorized through CIDR restrictions/);
    done(await role("strict", { token_strictly_bind_ip: true }));
    const strict = await logIn(await roleIdOf("strict"), await secretIdOf("strict"), "10.9.9.9");
    const bound = await t.test.core.identities.findToken(strict.json.auth.client_token);
    assert.deepEqual(bound?.token?.vault?.boundCidrs, ["10.9.9.9"]);
  });

  it("lets a role do without secret ids where something else binds it", async () => {
    done(await role("cidr", { bind_secret_id: false, token_bound_cidrs: "127.0.0.0/8" }));
    refused(await part("POST", "cidr/secret-id", {}), 400, "bind_secret_id is not set on the role");
    const roleId = await roleIdOf("cidr");
    assert.equal((await logIn(roleId)).status, 200);
  });

  it("takes a role's secret ids away with it, for good", async () => {
    done(await role("web", { role_id: "fixed" }));
    const secretId = await secretIdOf("web");
    const accessor = dataOf(await part("LIST", "web/secret-id")).keys[0];
    done(await part("DELETE", "web"));
    refused(await logIn("fixed", secretId), 400, "invalid role or secret ID");
    done(await role("web", { role_id: "fixed" }));
    refused(await logIn("fixed", secretId), 400, "invalid role or secret ID");
    assert.equal((await part("POST", "web/secret-id-accessor/lookup", { secret_id_accessor: accessor })).status, 404);
    const tidy = await t.call("POST", `${mount}/tidy/secret-id`);
    assert.equal(tidy.status, 202);
    assert.match(tidy.json.warnings[0], /Tidy operation successfully started/);
  });

  it("knows a role by its new role id alone", async () => {
    done(await role("web", { role_id: "one" }));
    const secretId = await secretIdOf("web");
    done(await part("POST", "web/role-id", { role_id: "two" }));
    refused(await logIn("one", secretId), 400, "invalid role or secret ID");
    assert.equal((await logIn("two", secretId)).status, 200);
    done(await role("other", { role_id: "one" }));
  });

  it("lists so many names at a time", async () => {
    const max = limits.authNames.value;
    const { core } = t.test;
    const found = await core.mounts.match(mount);
    const area = `approle/${found?.mount.uuid}/role`;
    const names = Array.from({ length: max + 1 }, (_, index) => `r${String(index).padStart(6, "0")}`);
    for (let from = 0; from < names.length; from += 1000) {
      await core.commit(names.slice(from, from + 1000).map((name) => core.vaultEntries.insert(area, name, {})));
    }
    const { keys } = dataOf(await t.call("LIST", `${mount}/role`));
    assert.deepEqual(keys, names.slice(0, max));
    assert.deepEqual(dataOf(await t.call("LIST", `${mount}/role?after=${keys.at(-1)}`)).keys, names.slice(max));
  });

  it("makes no root tokens", async () => {
    for (const token_policies of ["root", "a, Root", ["ROOT "]]) {
      done(await role("root", { token_policies }));
      const answer = await logIn(await roleIdOf("root"), await secretIdOf("root"));
      refused(answer, 400, "auth methods cannot create root tokens");
    }
  });

  it("asks policies for everything but logins", async () => {
    done(await role("web", { token_policies: "nothing" }));
    const { json } = await logIn(await roleIdOf("web"), await secretIdOf("web"));
    const headers = { "X-Vault-Token": json.auth.client_token };
    for (const [method, path] of [
      ["GET", "role/web"],
      ["POST", "role/web"],
      ["LIST", "role"],
      ["POST", "role/web/secret-id"],
      ["POST", "tidy/secret-id"],
    ] as const) {
      refused(await t.call(method, `${mount}/${path}`, {}, headers), 403, permissionDenied);
      refused(await t.call(method, `${mount}/${path}`, {}, {}), 403, "permission denied");
    }
  });
});
