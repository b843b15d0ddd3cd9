import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  createAccessKey,
  createPrincipal,
  execute,
  type Principal,
  putIdentityPolicy,
  rootArn,
  simulatePolicy,
} from "@coffer/service";
import type { SigningCredentials } from "@coffer/sigv4";
import { type AwsTest, base64, type Json, openAws } from "./aws-client.ts";

const here = "000000000000";
const there = "111122223333";
const otherUser = `arn:aws:iam::${there}:user/zoe`;
const delegation: Json = { Effect: "Allow", Principal: { AWS: rootArn(here) }, Action: "kms:*", Resource: "*" };
const encryptionContext = { dept: "a" };

function policyOf(...statements: Json[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

function shared(Principal: unknown, more: Json = {}): Json {
  return { Effect: "Allow", Principal, Action: "kms:*", Resource: "*", ...more };
}

const forContext = (dept: string): Json => ({
  Condition: { StringEquals: { "kms:EncryptionContext:dept": dept } },
});
const allowAll: Json = { Effect: "Allow", Action: "kms:*", Resource: "*" };
const denyEncrypt: Json = { Effect: "Deny", Action: "kms:Encrypt", Resource: "*" };

/** What the key's policy says beside the delegation to its own account. */
const keySides: readonly (readonly [name: string, statements: readonly Json[], allows: boolean])[] = [
  ["nothing", [], false],
  ["its account by number", [shared({ AWS: there })], true],
  ["its account by the root's ARN", [shared({ AWS: rootArn(there) })], true],
  ["the user", [shared({ AWS: otherUser })], true],
  ["everybody", [shared("*")], true],
  ["everybody of its account", [shared("*", { Condition: { StringEquals: { "kms:CallerAccount": there } } })], true],
  ["everybody of ours", [shared("*", { Condition: { StringEquals: { "kms:CallerAccount": here } } })], false],
  ["everybody through a service", [shared("*", { Condition: { StringLike: { "kms:ViaService": "*" } } })], false],
  ["a service", [shared({ Service: "s3.amazonaws.com" })], false],
  ["another account", [shared({ AWS: "222222222222" })], false],
  ["other actions", [shared({ AWS: there }, { Action: ["kms:Decrypt", "kms:DescribeKey"] })], false],
  ["this encryption context", [shared({ AWS: there }, forContext("a"))], true],
  ["another encryption context", [shared({ AWS: there }, forContext("b"))], false],
  ["its account, and denies the user", [shared({ AWS: there }), shared({ AWS: otherUser }, { Effect: "Deny" })], false],
  [
    "everybody, and denies whom it does not exempt",
    [
      shared("*"),
      {
        Effect: "Deny",
        NotPrincipal: { AWS: [rootArn(here), rootArn(there), otherUser] },
        Action: "kms:*",
        Resource: "*",
      },
    ],
    true,
  ],
  [
    "everybody, and denies all but its own account",
    [shared("*"), { Effect: "Deny", NotPrincipal: { AWS: rootArn(here) }, Action: "kms:*", Resource: "*" }],
    false,
  ],
];

/** What the caller's own account says. */
const callerSides: readonly (readonly [name: string, statements: readonly Json[], allows: boolean])[] = [
  ["nothing", [], false],
  ["everything", [allowAll], true],
  ["this account's keys", [{ ...allowAll, Resource: `arn:aws:kms:*:${here}:key/*` }], true],
  ["its own keys", [{ ...allowAll, Resource: `arn:aws:kms:*:${there}:key/*` }], false],
  ["everything but this", [allowAll, denyEncrypt], false],
];

describe("keys and callers of two accounts", () => {
  let aws: AwsTest;
  let otherRoot: Principal;
  let zoe: SigningCredentials;
  let keyId: string;
  let keyArn: string;

  before(async () => {
    aws = await openAws();
    const { core } = aws.test;
    const found = await core.identities.findPrincipal(rootArn(there), there);
    assert.ok(found !== undefined);
    otherRoot = found;
    await execute(core, createPrincipal, { kind: "user", name: "zoe" }, asOtherRoot());
    const made = await execute(core, createAccessKey, { principalArn: otherUser }, asOtherRoot());
    zoe = { accessKeyId: made.record.accessKeyId, secretAccessKey: made.secretAccessKey };
    ({ KeyId: keyId, Arn: keyArn } = await aws.createKey());
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  function asOtherRoot() {
    return aws.test.request({ principal: otherRoot });
  }

  async function setSides(keySide: readonly Json[], callerSide: readonly Json[]): Promise<void> {
    await aws.ok("PutKeyPolicy", { KeyId: keyId, Policy: policyOf(delegation, ...keySide) });
    // A policy has a statement at least; this one is about nothing here.
    const document = policyOf({ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }, ...callerSide);
    await execute(
      aws.test.core,
      putIdentityPolicy,
      { principalArn: otherUser, policyName: "own", document },
      asOtherRoot(),
    );
  }

  for (const [keyName, keyStatements, keyAllows] of keySides) {
    it(`a key policy that allows ${keyName}`, async () => {
      for (const [callerName, callerStatements, callerAllows] of callerSides) {
        await setSides(keyStatements, callerStatements);
        const expected = keyAllows && callerAllows;
        const where = `the caller's account allows ${callerName}`;
        const input = { KeyId: keyArn, Plaintext: base64("x"), EncryptionContext: encryptionContext };
        const { status, json } = await aws.call("Encrypt", input, { as: zoe });
        assert.equal(status, expected ? 200 : 400, where);
        if (!expected) {
          assert.equal(json["__type"], "AccessDeniedException");
          // Not even whether the key is there.
          assert.match(
            String(json["message"] ?? json["Message"]),
            /is not authorized|does not exist|no resource-based/,
          );
        }
        const told = await execute(
          aws.test.core,
          simulatePolicy,
          { principal: otherUser, action: "kms:Encrypt", keyId, encryptionContext },
          aws.test.request(),
        );
        assert.equal(told.allowed, expected, `simulated: ${where}`);
      }
    });
  }

  /** AWS KMS developer guide, "AWS KMS permissions": the column "Cross-account use". */
  const acrossAccounts: readonly (readonly [operation: string, input: Json, crosses: boolean])[] = [
    ["DescribeKey", {}, true],
    ["GetKeyRotationStatus", {}, true],
    ["GenerateDataKey", { KeySpec: "AES_256" }, true],
    ["GenerateDataKeyWithoutPlaintext", { KeySpec: "AES_256" }, true],
    ["CancelKeyDeletion", {}, false],
    ["CreateAlias", { AliasName: "alias/foreign" }, false],
    ["DisableKey", {}, false],
    ["EnableKey", {}, false],
    ["EnableKeyRotation", {}, false],
    ["DisableKeyRotation", {}, false],
    ["GetKeyPolicy", {}, false],
    ["ListKeyPolicies", {}, false],
    ["ListKeyRotations", {}, false],
    ["ListResourceTags", {}, false],
    ["PutKeyPolicy", { Policy: policyOf(delegation) }, false],
    ["RotateKeyOnDemand", {}, false],
    ["ScheduleKeyDeletion", {}, false],
    ["TagResource", { Tags: [{ TagKey: "a", TagValue: "b" }] }, false],
    ["UntagResource", { TagKeys: ["a"] }, false],
    ["UpdateKeyDescription", { Description: "x" }, false],
  ];

  it("what AWS keeps within an account stays there, whatever both sides allow", async () => {
    await setSides([shared({ AWS: otherUser })], [allowAll]);
    const before = await aws.ok("DescribeKey", { KeyId: keyId });
    for (const [operation, more, crosses] of acrossAccounts) {
      const target = operation === "CreateAlias" ? { TargetKeyId: keyArn } : { KeyId: keyArn };
      const { status, json } = await aws.call(operation, { ...target, ...more }, { as: zoe });
      assert.equal(status, crosses ? 200 : 400, operation);
      if (!crosses) assert.equal(json["__type"], "AccessDeniedException", operation);
    }
    assert.deepEqual(await aws.ok("DescribeKey", { KeyId: keyId }), before);
  });

  it("a service principal acts by the key policy alone, for the source that it names", async () => {
    const source = {
      StringEquals: { "aws:SourceAccount": here },
      ArnLike: { "aws:SourceArn": "arn:aws:sns:*:*:orders" },
    };
    const own = [shared({ Service: "sns.amazonaws.com" }, { Action: "kms:GenerateDataKey*", Condition: source })];
    await setSides(own, []);
    const ask = async (principal: string, action: string, given: Readonly<Record<string, string>>) => {
      const conditions = Object.entries(given).map(([key, value]) => ({ key, value }));
      const input = { principal, action, keyId, conditions };
      return (await execute(aws.test.core, simulatePolicy, input, aws.test.request())).allowed;
    };
    const orders = { "aws:SourceAccount": here, "aws:SourceArn": `arn:aws:sns:us-east-1:${here}:orders` };
    assert.equal(await ask("sns.amazonaws.com", "kms:GenerateDataKey", orders), true);
    assert.equal(await ask("sns.amazonaws.com", "kms:Decrypt", orders), false);
    assert.equal(await ask("sqs.amazonaws.com", "kms:GenerateDataKey", orders), false);
    assert.equal(await ask("sns.amazonaws.com", "kms:GenerateDataKey", { "aws:SourceAccount": here }), false);
    const others = { ...orders, "aws:SourceAccount": there };
    assert.equal(await ask("sns.amazonaws.com", "kms:GenerateDataKey", others), false);
    // The delegation to the account is not for services.
    await setSides([], []);
    assert.equal(await ask("sns.amazonaws.com", "kms:GenerateDataKey", orders), false);
  });

  it("kms:ViaService holds only requests that come through a service", async () => {
    const via = (more: Json) => shared({ AWS: rootArn(here) }, more);
    const s3 = { StringEquals: { "kms:ViaService": "s3.us-east-1.amazonaws.com" } };
    const bob = await aws.createUser("bob", allowAll);
    const encrypt = async () => {
      const input = { KeyId: keyId, Plaintext: base64("x") };
      return (await aws.call("Encrypt", input, { as: bob })).status;
    };
    // No caller can claim to be a service: a direct request has no such key.
    const only = policyOf({ ...delegation, Action: "kms:PutKeyPolicy" }, via({ Condition: s3 }));
    await aws.ok("PutKeyPolicy", { KeyId: keyId, Policy: only });
    assert.equal(await encrypt(), 400);
    const simulated = await execute(
      aws.test.core,
      simulatePolicy,
      {
        principal: bob.arn,
        action: "kms:Encrypt",
        keyId,
        conditions: [{ key: "kms:ViaService", value: "s3.us-east-1.amazonaws.com" }],
      },
      aws.test.request(),
    ).catch((error: unknown) => error);
    // Reading the policy is not delegated any more.
    assert.match(String(simulated), /AccessDenied/);
    const not = policyOf(delegation, via({ Effect: "Deny", Action: "kms:Encrypt", Condition: s3 }));
    await aws.ok("PutKeyPolicy", { KeyId: keyId, Policy: not });
    assert.equal(await encrypt(), 200);
  });
});
