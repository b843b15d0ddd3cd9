import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { sha256Hex } from "@coffer/crypto";
import { rootPrincipal } from "../../identity/load-principal.ts";
import { limits } from "../../limits.ts";
import { StoreConflict } from "../../ports/store.ts";
import { allow, CoreTest, type TestUser } from "../../testing/core-test.ts";
import { dayMs } from "../shared.ts";
import { createAccessKey, deleteAccessKey } from "./access-keys.ts";
import { listCredentials } from "./credentials.ts";
import { renewRootCredential } from "./renew-root-credential.ts";
import { createToken, revokeOwnToken, revokeToken } from "./tokens.ts";

const root = rootPrincipal("000000000000").arn;

describe("credentials", () => {
  let t: CoreTest;
  let user: TestUser;

  beforeEach(async () => {
    t = await CoreTest.open();
    user = await t.newUser("alice");
  });
  afterEach(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  it("an access key has AWS's form, works at once, and its secret is stored wrapped only", async () => {
    const { record, secretAccessKey } = await t.run(createAccessKey, { principalArn: user.arn });
    assert.match(record.accessKeyId, /^AKIA[A-Z2-7]{16}$/);
    assert.match(secretAccessKey, /^[A-Za-z0-9+/]{40}$/);
    const found = await t.core.identities.findAccessKey(record.accessKeyId);
    assert.equal(found?.principal.arn, user.arn);
    assert.equal(found.principal.accessKeyId, record.accessKeyId);
    assert.equal(
      found.secret?.use((bytes) => Buffer.from(bytes).toString()),
      secretAccessKey,
    );
    const stored = await t.core.store.get("accessKeys", { accessKeyId: record.accessKeyId });
    assert.ok(!Buffer.from(stored!.wrappedSecret).includes(secretAccessKey));
    assert.deepEqual((await t.lastEvent())["responseElements"], { accessKeyId: record.accessKeyId });
  });

  it("a token has Vault's form, 192 random bits, and only its digest is stored", async () => {
    const { record, token } = await t.run(createToken, { principalArn: user.arn, displayName: "ci" });
    assert.match(token, /^hvs\.[A-Za-z0-9_-]{32}$/);
    assert.equal(record.digest, sha256Hex(token));
    assert.ok(!JSON.stringify(record).includes(token));
    assert.equal((await t.core.identities.findToken(token))?.arn, user.arn);
    assert.deepEqual((await t.lastEvent())["responseElements"], { accessor: record.accessor });
  });

  it("a deleted access key and a revoked token stop working at once", async () => {
    const { record } = await t.run(createAccessKey, { principalArn: user.arn });
    const made = await t.run(createToken, { principalArn: user.arn });
    await t.core.identities.findAccessKey(record.accessKeyId);
    await t.core.identities.findToken(made.token);
    await t.run(deleteAccessKey, { accessKeyId: record.accessKeyId });
    assert.equal(await t.core.identities.findAccessKey(record.accessKeyId), undefined);
    await t.run(revokeToken, { principalArn: user.arn, accessor: made.record.accessor });
    assert.equal(await t.core.identities.findToken(made.token), undefined);
    await t.fails(deleteAccessKey, { accessKeyId: record.accessKeyId }, "NotFound");
    await t.fails(revokeToken, { principalArn: user.arn, accessor: made.record.accessor }, "NotFound");
  });

  it("a token ends at its time, to the millisecond", async () => {
    const { token } = await t.run(createToken, { principalArn: user.arn, lifetimeMs: 1000 });
    t.test.clock.advance(999);
    assert.ok((await t.core.identities.findToken(token)) !== undefined);
    t.test.clock.advance(1);
    assert.equal(await t.core.identities.findToken(token), undefined);
  });

  it("whoever holds a token may give it up, and no other", async () => {
    const { token } = await t.run(createToken, { principalArn: user.arn });
    const principal = await t.core.identities.findToken(token);
    await t.run(revokeOwnToken, null, t.request({ principal: principal! }));
    assert.equal(await t.core.identities.findToken(token), undefined);
    assert.ok((await t.core.identities.findToken(user.token)) !== undefined);
    await t.fails(revokeOwnToken, null, "NotFound");
  });

  it("lists what there is without secret, wrapped secret or digest", async () => {
    const { record } = await t.run(createAccessKey, { principalArn: user.arn });
    const { accessKeys, tokens } = await t.run(listCredentials, { principalArn: user.arn });
    assert.deepEqual(accessKeys, [
      { accessKeyId: record.accessKeyId, active: true, createdAtMs: t.test.clock.nowMs() },
    ]);
    assert.deepEqual(
      tokens.map((token) => Object.keys(token)),
      [["accessor", "displayName", "createdAtMs"]],
    );
  });

  it("nobody but the root makes credentials of the root, whatever its policies allow", async () => {
    await t.setPolicy(user, allow("*"));
    const asUser = await t.as(user);
    for (const params of [
      await t.fails(createToken, { principalArn: root }, "AccessDenied", asUser),
      await t.fails(createAccessKey, { principalArn: root }, "AccessDenied", asUser),
    ]) {
      assert.deepEqual([params.basis, params.resource], ["explicitDeny", root]);
    }
    await t.fails(renewRootCredential, null, "AccessDenied", asUser);
    assert.ok((await t.core.identities.findAccessKey(t.test.root.accessKeyId)) !== undefined);
    await t.run(createToken, { principalArn: user.arn }, asUser);
    await t.run(createToken, { principalArn: root });
  });

  it("nobody but the root takes credentials from the root, whatever its policies allow", async () => {
    await t.setPolicy(user, allow("*"));
    const asUser = await t.as(user);
    const { accessKeyId, token } = t.test.root;
    const accessor = (await t.core.identities.findToken(token))?.token?.accessor ?? "";
    await t.fails(deleteAccessKey, { accessKeyId }, "AccessDenied", asUser);
    await t.fails(revokeToken, { principalArn: root, accessor }, "AccessDenied", asUser);
    assert.equal((await t.core.identities.findToken(token))?.kind, "root");
  });

  it("takes the permission on whose credential it is", async () => {
    const bob = await t.newUser("bob");
    const own = { Resource: user.arn };
    await t.setPolicy(user, allow(["iam:*AccessKey*", "coffer:*Token"], own));
    const asUser = await t.as(user);
    const bobs = (await t.run(createAccessKey, { principalArn: bob.arn })).record.accessKeyId;
    const { record } = await t.run(createAccessKey, { principalArn: user.arn }, asUser);
    await t.run(createToken, { principalArn: user.arn }, asUser);
    await t.run(listCredentials, { principalArn: user.arn }, asUser);
    await t.fails(createAccessKey, { principalArn: bob.arn }, "AccessDenied", asUser);
    await t.fails(createToken, { principalArn: bob.arn }, "AccessDenied", asUser);
    await t.fails(listCredentials, { principalArn: bob.arn }, "AccessDenied", asUser);
    await t.fails(revokeToken, { principalArn: bob.arn, accessor: "x" }, "AccessDenied", asUser);
    await t.fails(deleteAccessKey, { accessKeyId: bobs }, "AccessDenied", asUser);
    await t.fails(deleteAccessKey, { accessKeyId: "AKIAMISSING" }, "AccessDenied", asUser);
    await t.run(deleteAccessKey, { accessKeyId: record.accessKeyId }, asUser);
  });

  it("keeps to the limits, also of many at once, for users and for the root", async () => {
    for (const principalArn of [user.arn, root]) {
      const before = (await t.run(listCredentials, { principalArn })).accessKeys.length;
      const results = await Promise.allSettled([1, 2, 3, 4, 5].map(() => t.run(createAccessKey, { principalArn })));
      const made = results.filter(({ status }) => status === "fulfilled").length;
      assert.equal(before + made, limits.accessKeysPerPrincipal.value);
      assert.equal((await t.run(listCredentials, { principalArn })).accessKeys.length, 2);
    }
  });

  it("refuses names and lifetimes that cannot be", async () => {
    for (const lifetimeMs of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 3650 * dayMs + 1]) {
      await t.fails(createToken, { principalArn: user.arn, lifetimeMs }, "InvalidInput");
    }
    await t.fails(createToken, { principalArn: user.arn, displayName: "x".repeat(257) }, "InvalidInput");
    await t.fails(createToken, { principalArn: user.arn, displayName: "\ud800" }, "InvalidInput");
    await t.fails(createToken, { principalArn: `${user.arn}x` }, "NotFound");
    await t.fails(createAccessKey, { principalArn: "root" }, "NotFound");
  });

  it("clears expired tokens away, and has a limit for the others", async () => {
    const row = (index: number, expiresAtMs?: number) => ({
      digest: sha256Hex(`token ${index}`),
      accessor: `accessor-${index}`,
      principalArn: user.arn,
      account: "000000000000",
      displayName: "many",
      vaultPolicies: [],
      createdAtMs: 0,
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      revision: 1,
    });
    const max = limits.tokensPerPrincipal.value;
    const now = t.test.clock.nowMs();
    await t.core.commit(
      Array.from({ length: max - 1 }, (_, index) => ({
        op: "insert" as const,
        table: "tokens" as const,
        row: row(index, index < 2 ? now + index : undefined),
      })),
    );
    await t.run(createToken, { principalArn: user.arn });
    await t.fails(createToken, { principalArn: user.arn }, "LimitExceeded");
    t.test.clock.advance(1);
    await t.run(createToken, { principalArn: user.arn });
    await t.fails(createToken, { principalArn: user.arn }, "LimitExceeded");
    const { tokens } = await t.run(listCredentials, { principalArn: user.arn });
    assert.equal(tokens.length, max);
    assert.ok(tokens.every(({ expiresAtMs }) => expiresAtMs === undefined));
  });

  it("renews the root's credentials: the new ones work, no old one does", async () => {
    const old = await t.run(createToken, { principalArn: root });
    const renewed = await t.run(renewRootCredential, null);
    assert.equal((await t.core.identities.findToken(renewed.token))?.kind, "root");
    assert.equal((await t.core.identities.findAccessKey(renewed.accessKeyId))?.principal.kind, "root");
    assert.equal(await t.core.identities.findToken(old.token), undefined);
    assert.equal(await t.core.identities.findToken(t.test.root.token), undefined);
    assert.equal(await t.core.identities.findAccessKey(t.test.root.accessKeyId), undefined);
    const text = JSON.stringify(await t.lastEvent());
    assert.ok(!text.includes(renewed.token) && !text.includes(renewed.secretAccessKey));
  });

  it("gives up with a conflict that may be tried again when the principal never stops changing", async () => {
    let conflicts = 0;
    t.store.beforeCommit = (writes) => {
      if (!writes.some(({ table }) => table === "tokens")) return;
      conflicts += 1;
      throw new StoreConflict("stale", "principals");
    };
    await t.fails(createToken, { principalArn: user.arn }, "Conflict");
    assert.equal(conflicts, 8);
  });
});
