import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type AwsTest, base64, type Json, openAws } from "./aws-client.ts";

const account = "000000000000";
const rootArn = `arn:aws:iam::${account}:root`;
const delegation = { Sid: "account", Effect: "Allow", Principal: { AWS: rootArn }, Action: "kms:*", Resource: "*" };

function policyOf(...statements: Json[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

describe("AWS KMS policies", () => {
  let aws: AwsTest;

  before(async () => {
    aws = await openAws();
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  it("gives a new key the policy that leaves the say to the account", async () => {
    const { KeyId } = await aws.createKey();
    const { Policy, PolicyName } = await aws.ok("GetKeyPolicy", { KeyId });
    assert.equal(PolicyName, "default");
    const { Statement } = JSON.parse(String(Policy)) as { Statement: Json[] };
    assert.deepEqual(
      Statement.map(({ Effect, Principal, Action, Resource }) => ({ Effect, Principal, Action, Resource })),
      [{ Effect: "Allow", Principal: { AWS: rootArn }, Action: "kms:*", Resource: "*" }],
    );
    assert.deepEqual(await aws.ok("ListKeyPolicies", { KeyId }), { PolicyNames: ["default"], Truncated: false });
  });

  it("reads back what was put, by its one name", async () => {
    const { KeyId } = await aws.createKey({ Policy: policyOf(delegation) });
    assert.equal((await aws.ok("GetKeyPolicy", { KeyId, PolicyName: "default" })).Policy, policyOf(delegation));
    const next = `  ${policyOf({ ...delegation, Sid: "next" })}\n`;
    assert.equal((await aws.call("PutKeyPolicy", { KeyId, Policy: next })).text, "");
    assert.equal((await aws.ok("GetKeyPolicy", { KeyId })).Policy, next);
    const missing = { type: "NotFoundException", message: "No such policy exists" };
    await aws.fails("GetKeyPolicy", { KeyId, PolicyName: "other" }, missing);
    await aws.fails("PutKeyPolicy", { KeyId, PolicyName: "other", Policy: next }, missing);
  });

  it("says which statement of a malformed policy is wrong, where and why", async () => {
    const { KeyId } = await aws.createKey();
    const missing = `arn:aws:iam::${account}:user/missing`;
    const cases: readonly (readonly [statement: Json, message: RegExp])[] = [
      [{ ...delegation, Effect: "Maybe" }, /^Statement account \(Statement\[1\]\.Effect\): must be "Allow" or "Deny"$/],
      [{ ...delegation, Action: "kms" }, /Statement\[1\]\.Action\): "kms" is not of the form vendor:Action/],
      [{ ...delegation, Principal: { AWS: "bob" } }, /Statement\[1\]\.Principal\.AWS\): "bob" is not an account/],
      [
        { ...delegation, Principal: { AWS: missing } },
        /^Statement account: Policy contains a statement with one or more invalid principals: .*user\/missing does not exist\.$/,
      ],
      [{ ...delegation, Principal: { AWS: "AIDAEXAMPLE" } }, /"AIDAEXAMPLE" is not an account/],
      [{ ...delegation, Resorce: "*" }, /Statement account \(Statement\[1\]\): has an unknown element: "Resorce"/],
      [
        { ...delegation, Condition: { StringEqual: { "kms:ViaService": "x" } } },
        /Statement\[1\]\.Condition\): has an unknown operator: "StringEqual"/,
      ],
      [
        { ...delegation, Condition: { IpAddress: { "aws:SourceIp": "here" } } },
        /Statement\[1\]\.Condition\.IpAddress\): "aws:SourceIp": a value is not an IP address/,
      ],
    ];
    for (const [statement, message] of cases) {
      const Policy = policyOf({ ...delegation, Sid: "first" }, statement);
      await aws.fails("PutKeyPolicy", { KeyId, Policy }, { type: "MalformedPolicyDocumentException", message });
      await aws.fails("CreateKey", { Policy }, { type: "MalformedPolicyDocumentException", message });
    }
  });

  it("refuses malformed policies and those that lock out their author", async () => {
    const { KeyId } = await aws.createKey();
    for (const Policy of ["{}", "not JSON", policyOf({ ...delegation, Effect: "Maybe" })]) {
      await aws.fails("PutKeyPolicy", { KeyId, Policy }, { type: "MalformedPolicyDocumentException", message: /./ });
      await aws.fails("CreateKey", { Policy }, { type: "MalformedPolicyDocumentException", message: /./ });
    }
    const lockout = policyOf({ ...delegation, Action: "kms:Encrypt" });
    const refused = {
      type: "MalformedPolicyDocumentException",
      message: "The new key policy will not allow you to update the key policy in the future.",
    };
    await aws.fails("PutKeyPolicy", { KeyId, Policy: lockout }, refused);
    await aws.fails("CreateKey", { Policy: lockout }, refused);
    const bypassed = { KeyId, Policy: lockout, BypassPolicyLockoutSafetyCheck: true };
    assert.equal((await aws.call("PutKeyPolicy", bypassed)).status, 200);
    await aws.fails("DescribeKey", { KeyId }, { type: "AccessDeniedException", message: /kms:DescribeKey/ });
  });

  it("lets a user do what its identity policy allows, and no more", async () => {
    const key = await aws.createKey();
    const user = await aws.createUser("encryptor", { Effect: "Allow", Action: "kms:Encrypt", Resource: key.Arn });
    const { CiphertextBlob } = await aws.ok("Encrypt", { KeyId: key.KeyId, Plaintext: base64("x") }, { as: user });
    const denied = (action: string) => ({
      type: "AccessDeniedException",
      message: `User: ${user.arn} is not authorized to perform: ${action} on resource: ${key.Arn} because no identity-based policy allows the ${action} action`,
    });
    await aws.fails("Decrypt", { CiphertextBlob, KeyId: key.KeyId }, denied("kms:Decrypt"), { as: user });
    await aws.fails("DescribeKey", { KeyId: key.KeyId }, denied("kms:DescribeKey"), { as: user });
    await aws.fails("PutKeyPolicy", { KeyId: key.KeyId, Policy: policyOf(delegation) }, denied("kms:PutKeyPolicy"), {
      as: user,
    });
    const hidden =
      "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.";
    await aws.fails("Decrypt", { CiphertextBlob }, { type: "AccessDeniedException", message: hidden }, { as: user });

    const other = await aws.createKey();
    await aws.fails(
      "Encrypt",
      { KeyId: other.KeyId, Plaintext: base64("x") },
      {
        type: "AccessDeniedException",
        message: `User: ${user.arn} is not authorized to perform: kms:Encrypt on resource: ${other.Arn} because no identity-based policy allows the kms:Encrypt action`,
      },
      { as: user },
    );
    await aws.fails(
      "CreateKey",
      {},
      {
        type: "AccessDeniedException",
        message: `User: ${user.arn} is not authorized to perform: kms:CreateKey on resource: * because no identity-based policy allows the kms:CreateKey action`,
      },
      { as: user },
    );
  });

  it("lets the key policy bind everybody, the root too", async () => {
    const deny = { Effect: "Deny", Principal: "*", Action: "kms:Decrypt", Resource: "*" };
    const key = await aws.createKey({ Policy: policyOf(delegation, deny) });
    const CiphertextBlob = await aws.encrypt(key.KeyId, "x");
    for (const input of [{ CiphertextBlob }, { CiphertextBlob, KeyId: key.Arn }]) {
      await aws.fails("Decrypt", input, {
        type: "AccessDeniedException",
        message: `User: ${rootArn} is not authorized to perform: kms:Decrypt on resource: ${key.Arn} with an explicit deny in a resource-based policy`,
      });
    }
  });

  it("says whose policy denies", async () => {
    const denies = await aws.createUser("denied", { Effect: "Deny", Action: "*", Resource: "*" });
    const named = { Effect: "Allow", Principal: { AWS: denies.arn }, Action: "kms:Encrypt", Resource: "*" };
    const key = await aws.createKey({ Policy: policyOf(delegation, named) });
    await aws.fails(
      "Encrypt",
      { KeyId: key.KeyId, Plaintext: base64("x") },
      {
        type: "AccessDeniedException",
        message: /with an explicit deny in an identity-based policy$/,
      },
      { as: denies },
    );

    const admin = { ...delegation, Principal: { AWS: denies.arn } };
    const closed = await aws.createKey({ Policy: policyOf(admin), BypassPolicyLockoutSafetyCheck: true });
    const allowed = await aws.createUser("allowed", { Effect: "Allow", Action: "*", Resource: "*" });
    await aws.fails(
      "DescribeKey",
      { KeyId: closed.KeyId },
      {
        type: "AccessDeniedException",
        message: `User: ${allowed.arn} is not authorized to perform: kms:DescribeKey on resource: ${closed.Arn} because no resource-based policy allows the kms:DescribeKey action`,
      },
      { as: allowed },
    );
  });

  it("applies a new policy to the very next request", async () => {
    const user = await aws.createUser("named");
    const key = await aws.createKey();
    const input = { KeyId: key.KeyId, Plaintext: base64("x") };
    await aws.fails("Encrypt", input, { type: "AccessDeniedException", message: /identity-based/ }, { as: user });
    const grant = { Effect: "Allow", Principal: { AWS: user.arn }, Action: "kms:Encrypt", Resource: "*" };
    await aws.call("PutKeyPolicy", { KeyId: key.KeyId, Policy: policyOf(delegation, grant) });
    await aws.ok("Encrypt", input, { as: user });
    await aws.call("PutKeyPolicy", { KeyId: key.KeyId, Policy: policyOf(delegation) });
    await aws.fails("Encrypt", input, { type: "AccessDeniedException", message: /identity-based/ }, { as: user });
  });

  it("reads the encryption context in conditions", async () => {
    const key = await aws.createKey();
    const user = await aws.createUser("tenant", {
      Effect: "Allow",
      Action: ["kms:Encrypt", "kms:Decrypt"],
      Resource: "*",
      Condition: { StringEquals: { "kms:EncryptionContext:tenant": "a" } },
    });
    const as = { as: user };
    const input = { KeyId: key.KeyId, Plaintext: base64("x") };
    const EncryptionContext = { tenant: "a" };
    const { CiphertextBlob } = await aws.ok("Encrypt", { ...input, EncryptionContext }, as);
    await aws.ok("Decrypt", { CiphertextBlob, EncryptionContext }, as);
    const denied = {
      type: "AccessDeniedException",
      message: /no identity-based policy allows the kms:Encrypt action$/,
    };
    await aws.fails("Encrypt", input, denied, as);
    await aws.fails("Encrypt", { ...input, EncryptionContext: { tenant: "b" } }, denied, as);
    await aws.fails("Encrypt", { ...input, EncryptionContext: { other: "a" } }, denied, as);
  });

  it("needs permission for the alias and the key of an alias", async () => {
    const key = await aws.createKey();
    const half = await aws.createUser("half", { Effect: "Allow", Action: "kms:CreateAlias", Resource: key.Arn });
    const AliasName = "alias/half";
    await aws.fails(
      "CreateAlias",
      { AliasName, TargetKeyId: key.KeyId },
      {
        type: "AccessDeniedException",
        message: `User: ${half.arn} is not authorized to perform: kms:CreateAlias on resource: arn:aws:kms:us-east-1:${account}:${AliasName} because no identity-based policy allows the kms:CreateAlias action`,
      },
      { as: half },
    );
  });
});

describe("AWS KMS across accounts", () => {
  let aws: AwsTest;
  const other = { as: { accessKeyId: "111111111111", secretAccessKey: "x" } };

  before(async () => {
    // In dev mode an access key id of twelve digits is the root of that account.
    aws = await openAws({ dev: true });
  });
  after(() => aws.close());

  it("does not tell a foreign key that is there from one that is not", async () => {
    const key = await aws.createKey();
    const foreign =
      "because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access";
    for (const arn of [key.Arn, key.Arn.replace(/[^/]+$/, "00000000-0000-4000-8000-000000000000")]) {
      await aws.fails(
        "Encrypt",
        { KeyId: arn, Plaintext: base64("x") },
        {
          type: "AccessDeniedException",
          message: `User: arn:aws:iam::111111111111:root is not authorized to perform: kms:Encrypt on resource: ${arn} ${foreign}`,
        },
        other,
      );
    }
    await aws.fails(
      "DescribeKey",
      { KeyId: key.KeyId },
      {
        type: "NotFoundException",
        message: `Key 'arn:aws:kms:us-east-1:111111111111:key/${key.KeyId}' does not exist`,
      },
      other,
    );
  });

  it("lets another account in that the key policy names", async () => {
    const share = { Effect: "Allow", Principal: { AWS: "111111111111" }, Action: "kms:Encrypt", Resource: "*" };
    const key = await aws.createKey({ Policy: policyOf(delegation, share) });
    const { KeyId } = await aws.ok("Encrypt", { KeyId: key.Arn, Plaintext: base64("x") }, other);
    assert.equal(KeyId, key.Arn);
  });
});
