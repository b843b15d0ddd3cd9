import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { provideManagedKey } from "../managed-keys/managed-keys.ts";
import { rootArn } from "../model/arn.ts";
import { createGrant } from "../operations/grants/create-grant.ts";
import { createKey } from "../operations/keys/create-key.ts";
import { replicateKey } from "../operations/multi-region/replicate-key.ts";
import { CoreTest } from "../testing/core-test.ts";

describe("resource quotas", () => {
  let t: CoreTest;

  beforeEach(async () => {
    t = await CoreTest.open({ resourceQuotas: { keys: 2, grantsPerKey: 2 } });
  });
  afterEach(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  it("of keys are an account's and a region's, and the keys of services do not count", async () => {
    await provideManagedKey(t.core, "alias/aws/s3", t.request());
    const { key } = await t.run(createKey, { multiRegion: true });
    await provideManagedKey(t.core, "alias/aws/ebs", t.request());
    await t.run(createKey, {});
    const refused = await t.fails(createKey, {}, "LimitExceeded");
    assert.deepEqual([refused.limit, refused.max], ["keys", 2]);
    await provideManagedKey(t.core, "alias/aws/rds", t.request());
    const elsewhere = t.request({ region: "eu-west-1" });
    await t.run(createKey, {}, elsewhere);
    await t.run(createKey, {}, elsewhere);
    await t.fails(replicateKey, { keyId: key.keyId, replicaRegion: "eu-west-1" }, "LimitExceeded");
    await t.run(replicateKey, { keyId: key.keyId, replicaRegion: "eu-north-1" });
  });

  it("of grants are a key's; a grant that is there already takes no room", async () => {
    const { keyId } = await t.newKey();
    const grant = { keyId, grantee: rootArn("000000000000"), operations: ["Decrypt"] };
    const { grantId } = await t.run(createGrant, { ...grant, name: "mine" });
    await t.run(createGrant, grant);
    const refused = await t.fails(createGrant, grant, "LimitExceeded");
    assert.deepEqual([refused.limit, refused.max], ["grantsPerKey", 2]);
    await t.fails(createGrant, { ...grant, name: "other" }, "LimitExceeded");
    assert.equal((await t.run(createGrant, { ...grant, name: "mine" })).grantId, grantId);
    await t.run(createGrant, { ...grant, keyId: (await t.newKey()).keyId });
  });
});
