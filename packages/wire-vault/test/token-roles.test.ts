import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { limits } from "@coffer/service";
import { dataOf, done, refused } from "./auth-methods.ts";
import { lookUp, openTokenTest, type TokenTest } from "./token-client.ts";

describe("auth/token/roles", () => {
  let t: TokenTest;
  let maker: string;

  before(async () => {
    t = await openTokenTest();
    maker = (await t.make({ policies: ["maker"] })).client_token;
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });
  const write = (name: string, body: object) => t.call("POST", `auth/token/roles/${name}`, body);
  const ask = (name: string, body: object = {}) => t.as(maker, "POST", `auth/token/create/${name}`, body);

  it("give policies that the caller has not got, and no others", async () => {
    done(await write("deploy", { allowed_policies: "reader,writer", allowed_policies_glob: ["team-*"] }));
    assert.deepEqual((await ask("deploy")).json.auth.policies, ["default", "reader", "writer"]);
    assert.deepEqual((await ask("deploy", { policies: ["team-a"] })).json.auth.policies, ["default", "team-a"]);
    for (const policies of [["team"], ["maker"], ["root"], ["Root "], ["reader", "x"]]) {
      const { status, json } = await ask("deploy", { policies });
      assert.equal(status, 400);
      assert.match(json.errors[0], /^token policies \(\[.*\]\) must be subset of the role's allowed policies/);
    }
  });

  it("refuse policies, by name and by pattern", async () => {
    done(await write("not", { disallowed_policies: ["maker"], disallowed_policies_glob: "secret-*,*-admin" }));
    for (const policy of ["maker", "Maker ", "secret-a", "db-admin"]) {
      const { status, json } = await ask("not", { policies: [policy] });
      assert.equal(status, 400);
      assert.equal(json.errors[0], `token policy "${policy.trim().toLowerCase()}" is disallowed by this role`);
    }
    assert.deepEqual((await ask("not", { policies: ["reader"] })).json.auth.policies, ["default", "reader"]);
    // A role that allows any policy but some does not make root of its caller.
    refused(
      await ask("not", { policies: ["root"] }),
      400,
      "root tokens may not be created without parent token being root",
    );
  });

  it("bound life, uses and renewal, and the lesser counts", async () => {
    done(
      await write("short", { token_explicit_max_ttl: "1h", token_period: "10m", token_num_uses: 3, renewable: false }),
    );
    const { auth } = (await ask("short", { num_uses: 9 })).json;
    assert.deepEqual([auth.num_uses, auth.lease_duration, auth.renewable], [3, 600, false]);
    assert.equal((await ask("short", { num_uses: 2 })).json.auth.num_uses, 2);
    const both = await t.call("POST", "auth/token/create/short", { period: "5m", explicit_max_ttl: "2h" });
    assert.equal(both.json.auth.lease_duration, 300);
    assert.deepEqual(both.json.warnings.slice(0, 2), [
      "Explicit max TTL specified both during creation call and in role; using the lesser value of 3600 seconds",
      "Period specified both during creation call and in role; using the lesser value of 300 seconds",
    ]);
  });

  it("decide on renewals as they are then; without its role no token is renewed", async () => {
    done(await write("later", { token_period: "1h" }));
    const { client_token: token } = (await ask("later")).json.auth;
    done(await write("later", { token_period: "30m" }));
    assert.equal((await t.as(token, "POST", "auth/token/renew-self", {})).json.auth.lease_duration, 1800);
    done(await t.call("DELETE", "auth/token/roles/later"));
    refused(
      await t.as(token, "POST", "auth/token/renew-self", {}),
      400,
      'original token role "later" could not be found, not renewing',
    );
  });

  it("say where their tokens are found, by a path that cannot climb", async () => {
    done(await write("v1", { path_suffix: "release.v1", orphan: true }));
    const { client_token: token } = (await ask("v1")).json.auth;
    const { path, role, orphan } = await lookUp(t, token);
    assert.deepEqual({ path, role, orphan }, { path: "auth/token/create/v1/release.v1", role: "v1", orphan: true });
    refused(
      await write("v2", { path_suffix: "abc/../../x" }),
      400,
      "error registering path suffix: path cannot contain parent references",
    );
    for (const path_suffix of ["x", "a b c", "abc\n"]) {
      refused(
        await write("v2", { path_suffix }),
        400,
        "given role path suffix contains invalid characters; must match \\w[\\w-.]+\\w",
      );
    }
  });

  it("give batch tokens where that can be", async () => {
    const words = "'token_type' cannot be 'batch' when role is set to generate";
    refused(await write("b", { token_type: "batch" }), 400, `${words} non-orphan tokens`);
    refused(await write("b", { token_type: "batch", orphan: true }), 400, `${words} renewable tokens`);
    const plain = { token_type: "batch", orphan: true, renewable: false };
    refused(await write("b", { ...plain, token_period: "1h" }), 400, `${words} periodic tokens`);
    refused(await write("b", { ...plain, token_type: "gold" }), 400, `invalid 'token_type' value "gold"`);
    done(await write("b", plain));
    assert.equal((await ask("b")).json.auth.token_type, "batch");
  });

  it("give tokens the entity of an alias that they allow", async () => {
    done(await write("aliased", { allowed_entity_aliases: "ci-*,Ops" }));
    const one = (await ask("aliased", { entity_alias: "ci-1" })).json.auth;
    const again = (await ask("aliased", { entity_alias: "ci-1" })).json.auth;
    assert.notEqual(one.entity_id, "");
    assert.equal(again.entity_id, one.entity_id);
    assert.notEqual((await ask("aliased", { entity_alias: "OPS" })).json.auth.entity_id, one.entity_id);
    refused(await ask("aliased", { entity_alias: "root" }), 400, "invalid 'entity_alias' value");
    refused(
      await t.as(maker, "POST", "auth/token/create", { entity_alias: "ci-1" }),
      400,
      "'entity_alias' is only allowed in combination with token role",
    );
    done(await t.call("POST", `identity/entity/id/${one.entity_id}`, { disabled: true }));
    assert.equal((await ask("aliased", { entity_alias: "ci-1" })).status, 403);
    assert.equal((await t.as(one.client_token, "GET", "auth/token/lookup-self")).status, 403);
  });

  it("show parameters by their old names while these are used", async () => {
    done(await write("old", { period: "1h", bound_cidrs: "10.0.0.0/8", explicit_max_ttl: 7200 }));
    const old = dataOf(await t.call("GET", "auth/token/roles/old"));
    assert.deepEqual(
      [old.period, old.token_period, old.explicit_max_ttl, old.token_explicit_max_ttl],
      [3600, 3600, 7200, 7200],
    );
    assert.deepEqual([old.bound_cidrs, old.token_bound_cidrs], [["10.0.0.0/8"], ["10.0.0.0/8"]]);
    const twice = await write("old", { period: "1h", token_period: "2h" });
    assert.deepEqual(twice.json.warnings, [
      "Both 'token_period' and deprecated 'period' value supplied, ignoring the deprecated value",
    ]);
    const now = dataOf(await t.call("GET", "auth/token/roles/old"));
    assert.deepEqual([now.period, now.token_period], [0, 7200]);
  });

  it("are of a bounded size", async () => {
    const bytes = limits.vaultTokenRoleBytes.value;
    const answer = await write("large", { allowed_policies: ["x".repeat(bytes)] });
    refused(answer, 400, `a token role has at most ${bytes} bytes`);
  });
});
