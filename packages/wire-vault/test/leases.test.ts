import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { dataOf, done, permissionDenied, refused } from "./auth-methods.ts";
import { openTokenTest, type TokenTest } from "./token-client.ts";

describe("sys/leases", () => {
  let t: TokenTest;

  before(async () => {
    t = await openTokenTest();
    for (const name of ["app", "apple"]) done(await t.call("POST", `auth/token/roles/${name}`, { orphan: true }));
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });
  const made = (role: string, body: object = {}) =>
    t.make({ policies: ["reader"], ...body }, undefined, `auth/token/create/${role}`);
  const list = async (path: string): Promise<string[]> => {
    const answer = await t.call("LIST", `sys/leases/lookup${path}`);
    return answer.status === 404 ? [] : dataOf(answer).keys;
  };
  const only = async (role: string) => `auth/token/create/${role}/${(await list(`/auth/token/create/${role}`))[0]}`;

  it("shows the leases of tokens by where they were made", async () => {
    const { client_token: token } = await made("app", { ttl: "1h" });
    await made("apple");
    assert.deepEqual(await list(""), ["auth/"]);
    assert.deepEqual(await list("/auth/token/"), ["create/"]);
    assert.deepEqual(await list("/auth/token/create"), ["app/", "apple/"]);
    const [name, ...others] = await list("/auth/token/create/app");
    assert.match(name!, /^h[0-9a-f]{64}$/);
    assert.deepEqual(others, []);
    const lease_id = await only("app");
    const found = dataOf(await t.call("POST", "sys/leases/lookup", { lease_id }));
    assert.deepEqual(
      [found.id, found.path, found.ttl, found.renewable, found.last_renewal],
      [lease_id, "auth/token/create/app", 3600, true, null],
    );
    assert.ok(!lease_id.includes(token));
    done(await t.call("POST", "auth/token/revoke", { token }));
    assert.deepEqual(await list("/auth/token/create/app"), []);
    refused(await t.call("POST", "sys/leases/lookup", { lease_id }), 400, "invalid lease");
    refused(await t.call("POST", "sys/leases/lookup", {}), 400, "lease_id must be specified");
  });

  it("renews no tokens", async () => {
    await made("app", { ttl: "1h" });
    const lease_id = await only("app");
    for (const path of ["sys/leases/renew", "sys/renew"]) {
      refused(await t.call("POST", path, { lease_id }), 400, "tokens cannot be renewed through this endpoint");
      refused(await t.call("PUT", `${path}/${lease_id}`, {}), 400, "tokens cannot be renewed through this endpoint");
      refused(await t.call("POST", path, { lease_id: "none" }), 400, "lease not found");
      refused(await t.call("POST", path, {}), 400, "lease_id must be specified");
    }
  });

  it("revokes a token by its lease, by the old paths too", async () => {
    for (const path of ["sys/leases/revoke", "sys/revoke"]) {
      for (const inBody of [true, false]) {
        done(await t.call("POST", "sys/leases/revoke-force/auth/token/create/app", {}));
        const { client_token: token } = await made("app");
        const lease_id = await only("app");
        const answer = inBody
          ? await t.call("POST", path, { lease_id, sync: true })
          : await t.call("POST", `${path}/${lease_id}`, { sync: true });
        done(answer);
        assert.ok(!(await t.works(token)));
      }
      done(await t.call("POST", path, { lease_id: "none" }));
    }
  });

  it("revokes all in a folder, and nothing beside it", async () => {
    for (const path of [
      "sys/leases/revoke-prefix",
      "sys/revoke-prefix",
      "sys/leases/revoke-force",
      "sys/revoke-force",
    ]) {
      const inside = [await made("app"), await made("app")];
      const beside = await made("apple");
      done(await t.call("POST", `${path}/auth/token/create/app`, {}));
      for (const { client_token } of inside) assert.ok(!(await t.works(client_token)));
      assert.ok(await t.works(beside.client_token));
    }
  });

  it("is for sudo alone where it reaches far", async () => {
    await t.policy("leases", 'path "sys/*" { capabilities = ["read", "update", "list"] }');
    const { client_token: token } = await t.make({ policies: ["leases"] });
    const far = [
      ["LIST", "sys/leases/lookup/auth"],
      ["LIST", "sys/leases/lookup"],
      ["POST", "sys/leases/revoke-prefix/auth"],
      ["POST", "sys/leases/revoke-force/auth"],
      ["POST", "sys/revoke-prefix/auth"],
      ["POST", "sys/revoke-force/auth"],
    ] as const;
    for (const [method, path] of far) refused(await t.as(token, method, path), 403, permissionDenied);
    done(await t.as(token, "POST", "sys/leases/revoke", { lease_id: "none" }));
  });

  it("has no irrevocable leases", async () => {
    assert.deepEqual(dataOf(await t.call("GET", "sys/leases/count?type=irrevocable")), { counts: {}, lease_count: 0 });
    assert.equal((await t.call("GET", "sys/leases/count")).status, 404);
    assert.equal((await t.call("POST", "sys/leases/tidy", {})).status, 202);
  });
});
