import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { createAccessKey } from "../operations/admin/access-keys.ts";
import { listCredentials } from "../operations/admin/credentials.ts";
import { createPrincipal, deletePrincipal } from "../operations/admin/principals.ts";
import { createToken, revokeToken } from "../operations/admin/tokens.ts";
import { allow, CoreTest } from "../testing/core-test.ts";

describe("identities", () => {
  let t: CoreTest;

  beforeEach(async () => {
    t = await CoreTest.open();
  });
  afterEach(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  it("knows the first root credentials", async () => {
    const { root } = t.test;
    assert.equal((await t.core.identities.findToken(root.token))?.arn, "arn:aws:iam::000000000000:root");
    const found = await t.core.identities.findAccessKey(root.accessKeyId);
    assert.equal(
      found?.secret?.use((bytes) => Buffer.from(bytes).toString()),
      root.secretAccessKey,
    );
  });

  it("knows nobody by an unknown, empty or mangled credential", async () => {
    const { token, accessKeyId } = t.test.root;
    for (const wrong of [
      "",
      " ",
      `${token} `,
      token.slice(0, -1),
      token.toUpperCase(),
      "hvs.",
      "root-token",
      "\ud800",
    ]) {
      assert.equal(await t.core.identities.findToken(wrong), undefined, JSON.stringify(wrong));
    }
    for (const wrong of ["", accessKeyId.toLowerCase(), `${accessKeyId} `, "AKIA", "000000000000", "__proto__"]) {
      assert.equal(await t.core.identities.findAccessKey(wrong), undefined, wrong);
    }
    assert.equal(t.core.identities.anonymous(), undefined);
  });

  it("says who somebody is: kind, name, id, policies and the credential that was shown", async () => {
    const user = await t.newUser("alice", allow("kms:Encrypt"));
    const principal = await t.core.identities.findToken(user.token);
    assert.deepEqual([principal?.kind, principal?.name, principal?.account], ["user", "alice", "000000000000"]);
    assert.match(principal?.principalId ?? "", /^AIDA/);
    assert.equal(principal?.identityPolicies.length, 1);
    assert.equal(principal.token?.principalArn, user.arn);
    assert.equal(principal.accessKeyId, undefined);
    const role = (await t.run(createPrincipal, { kind: "role", name: "r" })).principal;
    const { record } = await t.run(createAccessKey, { principalArn: role.arn });
    const found = await t.core.identities.findAccessKey(record.accessKeyId);
    assert.deepEqual([found?.principal.kind, found?.principal.accessKeyId], ["role", record.accessKeyId]);
  });

  it("refuses an access key that was switched off", async () => {
    const user = await t.newUser("alice");
    const { record } = await t.run(createAccessKey, { principalArn: user.arn });
    await t.core.identities.findAccessKey(record.accessKeyId);
    await t.core.commit([{ op: "update", table: "accessKeys", row: { ...record, active: false, revision: 2 } }]);
    assert.equal(await t.core.identities.findAccessKey(record.accessKeyId), undefined);
  });

  it("answers from memory the second time", async () => {
    const user = await t.newUser("alice", allow("kms:Encrypt"));
    const reads: string[] = [];
    const first = await t.core.identities.findToken(user.token);
    t.store.afterRead = (method) => void reads.push(method);
    assert.equal(await t.core.identities.findToken(user.token), first);
    assert.deepEqual(reads, []);
  });

  it("keeps the others in memory when somebody gets a token, and reads anew whose policy changes", async () => {
    const alice = await t.newUser("alice", allow("kms:Encrypt"));
    const bob = await t.newUser("bob", allow("kms:Encrypt"));
    const before = await t.core.identities.findToken(alice.token);
    await t.core.identities.findToken(bob.token);
    await t.run(createToken, { principalArn: bob.arn });
    assert.equal(await t.core.identities.findToken(alice.token), before);
    await t.setPolicy(alice, allow("kms:Decrypt"));
    const changed = await t.core.identities.findToken(alice.token);
    assert.notEqual(changed, before);
    assert.equal(changed?.identityPolicies.length, 1);
    assert.equal(await t.core.identities.findToken(alice.token), changed);
  });

  it("does not take a new principal for an old one of the same name", async () => {
    const alice = await t.newUser("alice");
    const before = await t.core.identities.findToken(alice.token);
    await t.run(deletePrincipal, { kind: "user", name: "alice" });
    const { principal } = await t.run(createPrincipal, { kind: "user", name: "alice" });
    const { token } = await t.run(createToken, { principalArn: alice.arn });
    const now = await t.core.identities.findToken(token);
    assert.equal(now?.principalId, principal.principalId);
    assert.notEqual(now?.principalId, before?.principalId);
  });

  it("keeps nothing that was read before a revocation and arrives after it", async () => {
    const user = await t.newUser("alice");
    const { tokens } = await t.run(listCredentials, { principalArn: user.arn });
    let revoked: Promise<unknown> | undefined;
    t.store.afterRead = async (method, [table]) => {
      if (method !== "get" || table !== "tokens" || revoked !== undefined) return;
      revoked = t.run(revokeToken, { principalArn: user.arn, accessor: tokens[0]!.accessor });
      await revoked;
    };
    await t.core.identities.findToken(user.token);
    assert.ok(revoked !== undefined);
    assert.equal(await t.core.identities.findToken(user.token), undefined);
  });

  it("knows nobody any more whose principal goes while its credential is read", async () => {
    const user = await t.newUser("alice");
    const { record } = await t.run(createAccessKey, { principalArn: user.arn });
    for (const [table, find] of [
      ["tokens", () => t.core.identities.findToken(user.token)],
      ["accessKeys", () => t.core.identities.findAccessKey(record.accessKeyId)],
    ] as const) {
      await t.run(createPrincipal, { kind: "user", name: "alice" }).catch(() => {});
      t.store.afterRead = async (method, [name]) => {
        if (method !== "get" || name !== table) return;
        t.store.heal();
        // As another node would: the credential was read, and now all of it goes.
        await t.run(deletePrincipal, { kind: "user", name: "alice" });
      };
      assert.equal(await find(), undefined, table);
      t.store.heal();
    }
  });
});

describe("identities in dev mode", () => {
  let t: CoreTest;

  beforeEach(async () => {
    t = await CoreTest.open({ dev: true });
  });
  afterEach(() => t.close());

  it("takes any access key as the account root, and a number of twelve digits as that account's root", async () => {
    for (const [accessKeyId, account] of [
      ["test", "000000000000"],
      ["AKIAANYTHING", "000000000000"],
      ["111122223333", "111122223333"],
      ["1111222233334", "000000000000"],
    ] as const) {
      const found = await t.core.identities.findAccessKey(accessKeyId);
      assert.deepEqual([found?.principal.kind, found?.principal.account], ["root", account]);
      assert.equal(found?.secret, undefined, "nothing is verified");
    }
    assert.equal(t.core.identities.anonymous()?.kind, "root");
  });

  it("verifies an access key that it knows, and takes no unknown token", async () => {
    const user = await t.newUser("alice");
    const { record } = await t.run(createAccessKey, { principalArn: user.arn });
    const found = await t.core.identities.findAccessKey(record.accessKeyId);
    assert.equal(found?.principal.name, "alice");
    assert.ok(found.secret !== undefined);
    assert.equal(await t.core.identities.findToken("anything"), undefined);
  });
});
