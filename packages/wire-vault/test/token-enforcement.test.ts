import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { done, permissionDenied, refused } from "./auth-methods.ts";
import { lookUp, openTokenTest, type TokenTest } from "./token-client.ts";

const invalid = "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n";

describe("each request with a token", () => {
  let t: TokenTest;

  before(async () => {
    t = await openTokenTest();
    await t.call("POST", "transit/keys/k", {});
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  it("takes one of its uses, whatever becomes of it, and the last one ends it", async () => {
    const { client_token: token } = await t.make({ policies: ["reader"], num_uses: 3 });
    assert.equal((await t.as(token, "GET", "transit/keys/k")).status, 200);
    refused(await t.as(token, "GET", "sys/mounts"), 403, permissionDenied);
    assert.equal((await lookUp(t, token)).num_uses, 1);
    const last = await t.as(token, "GET", "auth/token/lookup-self");
    assert.equal(last.json.data.num_uses, -1);
    refused(await t.as(token, "GET", "transit/keys/k"), 403, invalid);
    refused(await t.call("POST", "auth/token/lookup", { token }), 403, "bad token");
    // Nor when the clock is set back.
    t.test.clock.advance(-60_000);
    refused(await t.as(token, "GET", "transit/keys/k"), 403, invalid);
    t.test.clock.advance(60_000);
  });

  it("never is one more than the uses, however many come at once", async () => {
    const { client_token: token } = await t.make({ policies: ["reader"], num_uses: 5 });
    const answers = await Promise.all(Array.from({ length: 40 }, () => t.as(token, "GET", "transit/keys/k")));
    assert.equal(answers.filter(({ status }) => status === 200).length, 5);
    assert.equal(answers.filter(({ status }) => status === 403).length, 35);
  });

  it("makes no tokens when its uses are numbered", async () => {
    const { client_token: token } = await t.make({ policies: ["maker"], num_uses: 2 });
    refused(
      await t.as(token, "POST", "auth/token/create", {}),
      400,
      "restricted use token cannot generate child tokens",
    );
    refused(await t.as(token, "POST", "auth/token/create", {}), 400, "parent token lookup failed: no parent found");
    const renewing = await t.make({ policies: ["reader"], num_uses: 1, ttl: "1h" });
    refused(await t.as(renewing.client_token, "POST", "auth/token/renew-self", {}), 400, "token not found");
    assert.ok(!(await t.works(renewing.client_token)));
  });

  it("comes from the networks that its token is bound to", async () => {
    const token_bound_cidrs = ["10.1.0.0/16", "2001:db8::/32"];
    done(await t.call("POST", "auth/token/roles/bound", { token_bound_cidrs, orphan: true }));
    const bound = async (policies: string[], type: string) =>
      (await t.make({ policies, type }, undefined, "auth/token/create/bound")).client_token;
    for (const token of [await bound(["reader", "maker"], "service"), await bound(["reader"], "batch")]) {
      const from = async (address: string) => (await t.as(token, "GET", "transit/keys/k", undefined, address)).status;
      assert.equal(await from("10.1.2.3"), 200);
      assert.equal(await from("::ffff:10.1.2.3"), 200);
      assert.equal(await from("2001:db8::7"), 200);
      for (const address of ["10.2.0.1", "::ffff:10.2.0.1", "127.0.0.1", "::1", "::10.1.2.3", "", "unix"]) {
        assert.equal(await from(address), 403, address);
      }
    }
    const parent = await bound(["reader", "maker"], "service");
    const child = (await t.as(parent, "POST", "auth/token/create", { policies: ["reader"] }, "10.1.2.3")).json.auth;
    assert.deepEqual((await lookUp(t, child.client_token)).bound_cidrs, token_bound_cidrs);
    refused(await t.as(child.client_token, "GET", "transit/keys/k"), 403, "permission denied");
    // A use from elsewhere counts for nothing.
    done(await t.call("POST", "auth/token/roles/bound", { token_num_uses: 1 }));
    const once = await bound(["reader"], "service");
    assert.equal((await t.as(once, "GET", "transit/keys/k")).status, 403);
    assert.equal((await t.as(once, "GET", "transit/keys/k", undefined, "10.1.2.3")).status, 200);
  });

  it("ends with any token above it; orphans stay", async () => {
    const top = await t.make({ policies: ["maker", "reader"] });
    const child = await t.make({}, top.client_token);
    const grandchild = await t.make({}, child.client_token);
    const batch = await t.make({ type: "batch" }, child.client_token);
    const orphan = await t.make({}, child.client_token, "auth/token/create-orphan");
    for (const { client_token } of [top, child, grandchild, batch, orphan]) assert.ok(await t.works(client_token));
    done(await t.call("POST", "auth/token/revoke", { token: top.client_token }));
    for (const { client_token } of [top, child, grandchild, batch]) assert.ok(!(await t.works(client_token)));
    assert.ok(await t.works(orphan.client_token));
    for (const { accessor } of [child, grandchild])
      assert.equal(await t.test.core.store.findTokenByAccessor(accessor), undefined);
  });

  it("ends with the time of a token above it, and with its own", async () => {
    const top = await t.make({ policies: ["maker"], ttl: "10m" });
    const child = await t.make({ ttl: "1h" }, top.client_token);
    const grandchild = await t.make({ ttl: "1h" }, child.client_token);
    t.test.clock.advance(600_000);
    for (const { client_token } of [top, child, grandchild]) assert.ok(!(await t.works(client_token)));
    await t.test.lifecycle.runDue();
    for (const { accessor } of [top, child, grandchild]) {
      assert.equal(await t.test.core.store.findTokenByAccessor(accessor), undefined);
    }
  });

  it("goes on below a token that was revoked alone", async () => {
    const top = await t.make({ policies: ["maker"] });
    const child = await t.make({}, top.client_token);
    const grandchild = await t.make({}, child.client_token);
    done(await t.call("POST", "auth/token/revoke-orphan", { token: child.client_token }));
    assert.ok(!(await t.works(child.client_token)));
    done(await t.call("POST", "auth/token/revoke", { token: top.client_token }));
    assert.ok(await t.works(grandchild.client_token));
    assert.equal((await lookUp(t, grandchild.client_token)).orphan, true);
  });

  it("is refused below what is half revoked, which the lifecycle finishes", async () => {
    const { core } = t.test;
    const top = await t.make({ policies: ["maker"] });
    const child = await t.make({}, top.client_token);
    const grandchild = await t.make({}, child.client_token);
    const record = await core.store.findTokenByAccessor(top.accessor);
    assert.ok(record !== undefined);
    // What the first write of a revocation leaves when the server stops after it.
    const row = { ...record, expiresAtMs: core.clock.nowMs(), revision: record.revision + 1 };
    await core.commit([{ op: "update", table: "tokens", row }]);
    for (const { client_token } of [child, grandchild]) assert.ok(!(await t.works(client_token)));
    await t.test.lifecycle.runDue();
    assert.equal(await core.store.findTokenByAccessor(grandchild.accessor), undefined);
  });

  it("reads nothing from the database for an ordinary token that was used before", async () => {
    const { client_token: token } = await t.make({ policies: ["maker", "reader"] });
    const child = (await t.make({ policies: ["reader"] }, token)).client_token;
    await t.as(child, "GET", "transit/keys/k");
    const { store } = t.test.core;
    const reads: string[] = [];
    const get = store.get.bind(store);
    store.get = (table, key) => {
      reads.push(table);
      return get(table, key);
    };
    try {
      assert.equal((await t.as(child, "GET", "transit/keys/k")).status, 200);
    } finally {
      store.get = get;
    }
    assert.ok(!reads.includes("tokens") && !reads.includes("vaultEntries"), reads.join());
  });

  it("leaves nothing in the cubbyhole of a token that ended", async () => {
    const { core } = t.test;
    const stored = async () => (await core.store.listVaultEntriesUnder("cubbyhole/", 1000)).length;
    const own = await t.make({ policies: ["reader"] });
    const expiring = await t.make({ policies: ["reader"], ttl: "10m" });
    for (const { client_token: token } of [own, expiring]) {
      done(await t.as(token, "POST", "cubbyhole/mine", { a: "b" }));
      done(await t.as(token, "POST", "cubbyhole/mine/too", { a: "b" }));
    }
    assert.equal(await stored(), 4);
    done(await t.as(own.client_token, "POST", "auth/token/revoke-self"));
    assert.equal(await stored(), 2);
    t.test.clock.advance(600_000);
    await t.test.lifecycle.runDue();
    assert.equal(await stored(), 0);
  });

  it("is tidied away when what it came from is gone", async () => {
    const { core } = t.test;
    const top = await t.make({ policies: ["maker", "root"] });
    const child = await t.make({}, top.client_token);
    const record = await core.store.findTokenByAccessor(top.accessor);
    await core.commit([{ op: "delete", table: "tokens", key: { digest: record!.digest }, revision: "any" }]);
    assert.ok(!(await t.works(child.client_token)));
    assert.notEqual(await core.store.findTokenByAccessor(child.accessor), undefined);
    assert.equal((await t.call("POST", "auth/token/tidy", {})).status, 202);
    assert.equal(await core.store.findTokenByAccessor(child.accessor), undefined);
  });
});
