import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { parsePolicy } from "@coffer/policy";
import { CoreTest, policyOf } from "../../testing/core-test.ts";
import { getKeyPolicy, listKeyPolicies, putKeyPolicy } from "../policies/key-policy-operations.ts";
import { listResourceTags, tagResource, untagResource } from "../tags/tag-operations.ts";
import { type CreateKeyInput, createKey } from "./create-key.ts";
import { describeKey } from "./describe-key.ts";
import { updateKeyDescription } from "./update-key-description.ts";

const delegate = {
  Effect: "Allow",
  Principal: { AWS: "arn:aws:iam::000000000000:root" },
  Action: "kms:*",
  Resource: "*",
};

describe("making and describing keys", () => {
  let t: CoreTest;

  beforeEach(async () => {
    t = await CoreTest.open();
  });
  afterEach(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  it("makes an active symmetric key with AWS's default policy, one version, and nothing else", async () => {
    const { key } = await t.run(createKey, {});
    assert.match(key.keyId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.deepEqual(
      { ...key, keyId: "", policy: "" },
      {
        region: "us-east-1",
        keyId: "",
        account: "000000000000",
        spec: "SYMMETRIC_DEFAULT",
        usage: "ENCRYPT_DECRYPT",
        origin: "AWS_KMS",
        owner: "CUSTOMER",
        state: "active",
        description: "",
        policy: "",
        tags: [],
        createdAtMs: t.test.clock.nowMs(),
        currentVersion: 1,
        rotation: { enabled: false, periodMs: 365 * 86_400_000 },
        transit: {
          deletionAllowed: false,
          exportable: false,
          allowPlaintextBackup: false,
          minDecryptionVersion: 1,
          minEncryptionVersion: 0,
        },
        onDemandRotations: 0,
        revision: 1,
      },
    );
    assert.ok(parsePolicy(key.policy, "key").ok);
    assert.deepEqual((await t.run(describeKey, { keyId: key.keyId })).key, key);
    const versions = await t.core.store.listKeyVersions("us-east-1", key.keyId, 0, 10);
    assert.deepEqual(
      versions.map(({ version, rotationType }) => [version, rotationType]),
      [[1, undefined]],
    );
    assert.deepEqual((await t.lastEvent())["eventName"], "DescribeKey");
  });

  it("refuses what a key cannot be, and stores nothing of it", async () => {
    const hour = 3_600_000;
    const tag = (key: string, value = "") => ({ key, value });
    const cases: [CreateKeyInput, string][] = [
      [{ spec: "RSA_1024" }, "Unsupported"],
      [{ spec: "constructor" }, "Unsupported"],
      [{ usage: "SIGN_VERIFY" }, "InvalidInput"],
      [{ description: "x".repeat(8193) }, "InvalidInput"],
      [{ description: "\udfff" }, "InvalidInput"],
      [{ policy: "{" }, "PolicyMalformed"],
      [{ policy: policyOf({ ...delegate, Principal: { AWS: "nobody" } }) }, "PolicyMalformed"],
      [{ policy: " ".repeat(32_769) }, "LimitExceeded"],
      [{ tags: [tag("")] }, "InvalidInput"],
      [{ tags: [tag("x".repeat(129))] }, "InvalidInput"],
      [{ tags: [tag("x", "y".repeat(257))] }, "InvalidInput"],
      [{ tags: [tag("\ud800")] }, "InvalidInput"],
      [{ tags: [tag("aws:x")] }, "InvalidInput"],
      [{ tags: [tag("AWS:x")] }, "InvalidInput"],
      [{ tags: [tag("x"), tag("x")] }, "InvalidInput"],
      [{ tags: Array.from({ length: 51 }, (_, index) => tag(`${index}`)) }, "LimitExceeded"],
      [{ rotation: { enabled: true, periodMs: hour - 1, nextAtMs: 0 } }, "InvalidInput"],
      [{ rotation: { enabled: true, periodMs: 0, nextAtMs: 0 } }, "InvalidInput"],
      [{ rotation: { enabled: true, periodMs: hour } }, "InvalidInput"],
      [{ rotation: { enabled: true, periodMs: hour, nextAtMs: Number.NaN } }, "InvalidInput"],
      [{ rotation: { enabled: true, periodMs: Number.MAX_VALUE, nextAtMs: 0 } }, "InvalidInput"],
      [{ transit: { minDecryptionVersion: 0 } }, "InvalidInput"],
      [{ transit: { minDecryptionVersion: 2 } }, "InvalidInput"],
      [{ transit: { minEncryptionVersion: -1 } }, "InvalidInput"],
      [{ transit: { minEncryptionVersion: 0.5 } }, "InvalidInput"],
    ];
    for (const [input, code] of cases) {
      await assert.rejects(t.run(createKey, input), { message: code }, JSON.stringify(input).slice(0, 100));
    }
    assert.deepEqual(await t.core.store.listKeys("000000000000", "us-east-1", undefined, 10), []);
  });

  it("takes as much as AWS does", async () => {
    const tags = Array.from({ length: 50 }, (_, index) => ({
      key: `${index}`.padEnd(128, "k"),
      value: "v".repeat(256),
    }));
    const policy = policyOf(delegate).padEnd(32_768, " ");
    const { key } = await t.run(createKey, { tags, policy, description: "d".repeat(8192) });
    assert.equal(key.tags.length, 50);
    assert.equal(key.policy.length, 32_768);
  });

  it("gives its policy back byte for byte, and knows one policy name", async () => {
    const policy = ` ${policyOf(delegate)}\n`;
    const { key } = await t.run(createKey, {});
    const { keyId } = key;
    await t.run(putKeyPolicy, { keyId, policy });
    assert.deepEqual(await t.run(getKeyPolicy, { keyId, policyName: "default" }), { policy, policyName: "default" });
    assert.deepEqual(await t.run(listKeyPolicies, { keyId }), { items: ["default"] });
    await t.fails(getKeyPolicy, { keyId, policyName: "other" }, "NotFound");
    await t.fails(putKeyPolicy, { keyId, policy, policyName: "other" }, "NotFound");
    await t.fails(putKeyPolicy, { keyId, policy: " ".repeat(32_769) }, "LimitExceeded");
    const params = await t.fails(
      putKeyPolicy,
      { keyId, policy: policyOf(delegate, { ...delegate, Action: 1 }) },
      "PolicyMalformed",
    );
    assert.equal(params.statement, 1);
    assert.equal((await t.run(getKeyPolicy, { keyId })).policy, policy);
  });

  it("changes description and tags, and reads them back", async () => {
    const { keyId } = await t.newKey();
    await t.run(updateKeyDescription, { keyId, description: "é" });
    assert.equal((await t.run(describeKey, { keyId })).key.description, "é");
    await t.fails(updateKeyDescription, { keyId, description: "x".repeat(8193) }, "InvalidInput");
    const tag = (key: string, value: string) => ({ key, value });
    await t.run(tagResource, { keyId, tags: [tag("b", "1"), tag("a", "1")] });
    await t.run(tagResource, { keyId, tags: [tag("b", "2"), tag("B", "3")] });
    const tags = async () => (await t.run(listResourceTags, { keyId })).items;
    assert.deepEqual(await tags(), [tag("B", "3"), tag("a", "1"), tag("b", "2")]);
    await t.run(untagResource, { keyId, tagKeys: ["b", "missing"] });
    assert.deepEqual(await tags(), [tag("B", "3"), tag("a", "1")]);
    await t.fails(untagResource, { keyId, tagKeys: ["aws:x"] }, "InvalidInput");
    const more = Array.from({ length: 48 }, (_, index) => tag(`${index}`, ""));
    await t.run(tagResource, { keyId, tags: more });
    await t.fails(tagResource, { keyId, tags: [tag("one more", "")] }, "LimitExceeded");
    await t.run(tagResource, { keyId, tags: [tag("a", "again")] });
    assert.equal((await tags()).length, 50);
  });
});
