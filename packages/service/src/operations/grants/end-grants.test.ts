import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { RequestContext } from "../../model/request.ts";
import { allow, policyOf, type TestUser, when } from "../../testing/core-test.ts";
import { GrantTest, otherAccount } from "../../testing/grant-test.ts";
import { deletePrincipal } from "../admin/principals.ts";
import { scheduleKeyDeletion } from "../keys/schedule-key-deletion.ts";
import { replicateKey } from "../multi-region/replicate-key.ts";
import { putKeyPolicy } from "../policies/key-policy-operations.ts";
import { dayMs } from "../shared.ts";
import { retireGrant, revokeGrant } from "./end-grants.ts";
import { listGrants, listRetirableGrants } from "./list-grants.ts";

const missing = "ab".repeat(32);
const denyRetiring = { Effect: "Deny", Action: "kms:RetireGrant", Resource: "*" };

describe("the end of grants", () => {
  let g: GrantTest;
  let user: TestUser;
  beforeEach(async () => {
    g = await GrantTest.open();
    user = await g.user();
  });
  afterEach(async () => {
    assert.deepEqual(g.t.test.bugs, []);
    await g.t.close();
  });

  const ids = async () => (await g.t.run(listGrants, { keyId: g.keyArn })).items.map(({ grant }) => grant.grantId);

  it("RevokeGrant is for those whom policies allow it", async () => {
    const { t } = g;
    const { grantId } = await g.grant({
      grantee: user.arn,
      retiring: user.arn,
      operations: ["RetireGrant", "Encrypt"],
    });
    await t.fails(revokeGrant, { keyId: g.keyArn, grantId }, "AccessDenied", await t.as(user));
    await t.fails(revokeGrant, { keyId: g.keyArn, grantId }, "DryRun", t.request({ dryRun: true }));
    assert.deepEqual(await ids(), [grantId]);
    const admin = await g.user(allow("kms:RevokeGrant"));
    await t.run(revokeGrant, { keyId: g.keyArn, grantId }, await t.as(admin));
    assert.deepEqual(await ids(), []);
    for (const dryRun of [false, true]) {
      await t.fails(revokeGrant, { keyId: g.keyArn, grantId }, "NotFound", t.request({ dryRun }));
    }
    const params = await t.fails(revokeGrant, { keyId: g.keyArn, grantId: "no id" }, "InvalidInput");
    assert.equal(params.kind, "grantId");
  });

  it("of many at once that end one grant, one does", async () => {
    const { grantId } = await g.grant({ grantee: user.arn });
    const ended = await Promise.allSettled([
      ...[1, 2, 3].map(() => g.t.run(revokeGrant, { keyId: g.keyArn, grantId })),
      ...[1, 2, 3].map(() => g.t.run(retireGrant, { keyId: g.keyArn, grantId })),
    ]);
    assert.equal(ended.filter(({ status }) => status === "fulfilled").length, 1);
  });

  describe("RetireGrant", () => {
    const retire = (grantId: string, request?: RequestContext) =>
      g.t.run(retireGrant, { keyId: g.keyArn, grantId }, request);
    const refuses = (grantId: string, request: RequestContext) =>
      g.t.fails(retireGrant, { keyId: g.keyArn, grantId }, "AccessDenied", request);

    it("is for the retiring principal, and for the grantee where the grant says so", async () => {
      const { t } = g;
      const retiring = await g.user();
      const grantee = await g.user();
      const bystander = await g.user();
      const plain = await g.grant({ grantee: grantee.arn, retiring: retiring.arn });
      for (const other of [grantee, bystander]) await refuses(plain.grantId, await t.as(other));
      await t.fails(
        retireGrant,
        { keyId: g.keyArn, grantId: plain.grantId },
        "DryRun",
        await t.as(retiring, { dryRun: true }),
      );
      await t.fails(
        retireGrant,
        { keyId: g.keyArn, grantId: plain.grantId },
        "AccessDenied",
        await t.as(bystander, { dryRun: true }),
      );
      await retire(plain.grantId, await t.as(retiring));
      const recorded = (await t.lastEvent())["additionalEventData"] as Record<string, unknown>;
      assert.equal(recorded["grantId"], plain.grantId);
      const own = await g.grant({ grantee: grantee.arn, operations: ["Encrypt", "RetireGrant"] });
      await refuses(own.grantId, await t.as(bystander));
      await refuses(own.grantId, await t.as(retiring));
      await retire(own.grantId, await t.as(grantee));
      assert.deepEqual(await ids(), []);
    });

    it("is for the key's account, and for those to whom its policies hand it on", async () => {
      const { t } = g;
      const first = await g.grant({ grantee: user.arn });
      await retire(first.grantId);
      const second = await g.grant({ grantee: user.arn });
      await retire(second.grantId, await t.as(await g.user(allow("kms:RetireGrant"))));
      const third = await g.grant({ grantee: user.arn });
      await refuses(third.grantId, g.foreignRoot());
      await refuses(third.grantId, await t.as(await g.foreigner(allow("kms:RetireGrant"))));
    });

    it("is for another account that is named, and for those to whom its policies hand it on", async () => {
      const { t } = g;
      const make = () => g.grant({ grantee: user.arn, retiring: `arn:aws:iam::${otherAccount}:root` });
      await retire((await make()).grantId, g.foreignRoot());
      await retire((await make()).grantId, await t.as(await g.foreigner(allow("kms:RetireGrant"))));
      await refuses((await make()).grantId, await t.as(await g.foreigner()));
    });

    it("is no business of the key policy, and is refused by a Deny of the caller's own", async () => {
      const { t } = g;
      const policy = policyOf(
        allow("kms:*", { Principal: { AWS: "arn:aws:iam::000000000000:root" } }),
        allow("kms:RetireGrant", { Principal: { AWS: user.arn } }),
      );
      await t.run(putKeyPolicy, { keyId: g.keyArn, policy });
      const { grantId } = await g.grant({ grantee: user.arn });
      await refuses(grantId, await t.as(user));
      const denied = await g.user(denyRetiring);
      const own = await g.grant({ grantee: user.arn, retiring: denied.arn });
      await refuses(own.grantId, await t.as(denied));
      const red = await g.user({ ...denyRetiring, ...when("StringEquals", "kms:EncryptionContext:team", "red") });
      const constrained = (team: string) =>
        g.grant({ grantee: user.arn, retiring: red.arn, constraints: { encryptionContextSubset: { team } } });
      await refuses((await constrained("red")).grantId, await t.as(red));
      await retire((await constrained("blue")).grantId, await t.as(red));
    });

    it("is not for a later principal of the same name", async () => {
      const { t } = g;
      const { grantId } = await g.grant({ grantee: `arn:aws:iam::${otherAccount}:root`, retiring: user.arn });
      const name = user.arn.slice(user.arn.lastIndexOf("/") + 1);
      await t.run(deletePrincipal, { kind: "user", name });
      const namesake = await t.newUser(name);
      await refuses(grantId, await t.as(namesake));
    });

    it("takes a token instead of key and id, of any key", async () => {
      const { t } = g;
      const { grantToken, grantId } = await g.grant({ grantee: user.arn, retiring: user.arn });
      const both = { grantToken, keyId: g.keyArn, grantId };
      await t.fails(retireGrant, both, "InvalidInput", await t.as(user));
      for (const input of [{}, { keyId: g.keyArn }, { grantId }]) await t.fails(retireGrant, input, "InvalidInput");
      await t.fails(retireGrant, { grantToken: "x" }, "GrantTokenInvalid", await t.as(user));
      await t.run(retireGrant, { grantToken }, await t.as(user));
      assert.deepEqual(await ids(), []);
      await t.fails(retireGrant, { grantToken }, "NotFound", await t.as(user));
      assert.ok(!JSON.stringify(await t.test.auditEvents()).includes(grantToken));
    });

    it("tells nobody of another account what keys and grants there are", async () => {
      const noKey = g.keyArn.replace(g.keyId, "00000000-0000-0000-0000-000000000000");
      const stranger = await g.foreigner();
      const { grantId } = await g.grant({ grantee: user.arn });
      const seen: unknown[] = [];
      for (const [keyId, id] of [
        [g.keyArn, grantId],
        [g.keyArn, missing],
        [noKey, missing],
      ] as const) {
        const input = { keyId, grantId: id };
        const params = await g.t.fails(retireGrant, input, "AccessDenied", await g.t.as(stranger));
        seen.push({ ...params, resource: params.resource.replace(/key\/.*/, "key/ID") });
      }
      assert.deepEqual(seen, Array(3).fill(seen[0]));
      for (const keyId of [g.keyArn, noKey]) {
        await g.t.fails(retireGrant, { keyId, grantId: "no id" }, "InvalidInput", await g.t.as(stranger));
      }
      await g.t.fails(retireGrant, { keyId: g.keyArn, grantId: missing }, "NotFound");
    });
  });

  /** Grants of a key, more than one transaction deletes. */
  async function insertMany(region: string, keyId: string): Promise<void> {
    const rows = Array.from({ length: 1200 }, (_, n) => ({
      region,
      keyId,
      grantId: n.toString(16).padStart(64, "0"),
      grantee: user.arn,
      retiring: user.arn,
      operations: ["Encrypt"],
      constraints: {},
      issuingAccount: "000000000000",
      createdAtMs: 0,
      revision: 1,
    }));
    await g.t.core.store.commit(rows.map((row) => ({ op: "insert", table: "grants", row })));
  }

  it("comes with their key, in batches, be it a replica or not", async () => {
    const { t } = g;
    const { keyId } = await t.newKey({ multiRegion: true });
    await t.run(replicateKey, { keyId, replicaRegion: "eu-west-1" });
    for (const region of ["eu-west-1", "us-east-1"]) {
      const request = t.request({ region });
      for (let n = 0; n < 3; n += 1) await g.grant({ keyId, grantee: user.arn, name: `n${n}` }, request);
      await insertMany(region, keyId);
      assert.equal((await t.core.store.listGrants(region, keyId, undefined, 1)).length, 1);
      await t.run(scheduleKeyDeletion, { keyId, pendingWindowDays: 7 }, request);
      t.test.clock.advance(7 * dayMs);
      let largest = 0;
      let names = 0;
      t.store.beforeCommit = (writes) => {
        largest = Math.max(largest, writes.length);
        names += writes.filter(({ table }) => table === "grantNames").length;
      };
      await t.test.lifecycle.runDue();
      t.store.heal();
      assert.equal(await t.core.store.get("keys", { region, keyId }), undefined);
      assert.ok(largest > 100 && largest < 1200, `${largest}`);
      assert.equal(names, 3);
      assert.deepEqual(await t.core.store.listGrants(region, keyId, undefined, 10), []);
      assert.deepEqual((await t.run(listRetirableGrants, { retiring: user.arn }, request)).items, []);
    }
  });
});
