import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type AwsTest, base64, openAws } from "./aws-client.ts";

const AliasName = "alias/aws/s3";

describe("AWS managed keys", () => {
  let aws: AwsTest;

  before(async () => {
    aws = await openAws();
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  const notFound = {
    type: "NotFoundException",
    message: `Alias arn:aws:kms:us-east-1:000000000000:${AliasName} is not found.`,
  };

  it("are made when their predefined alias is described, and not before", async () => {
    const encrypt = { KeyId: AliasName, Plaintext: base64("x") };
    await aws.fails("Encrypt", encrypt, notFound);
    await aws.fails("DescribeKey", { KeyId: "alias/aws/nothing" }, { ...notFound, message: /nothing is not found\.$/ });
    const nobody = await aws.createUser("nobody", { Effect: "Allow", Action: "kms:ListKeys", Resource: "*" });
    const denied = await aws.call("DescribeKey", { KeyId: AliasName }, { as: nobody });
    assert.equal(denied.json.__type, "AccessDeniedException");
    await aws.fails("Encrypt", encrypt, notFound);
    const { KeyMetadata } = await aws.ok("DescribeKey", { KeyId: AliasName });
    assert.deepEqual([KeyMetadata?.KeyManager, KeyMetadata?.KeyState], ["AWS", "Enabled"]);
    const again = await aws.ok("DescribeKey", { KeyId: `arn:aws:kms:us-east-1:000000000000:${AliasName}` });
    assert.equal(again.KeyMetadata?.KeyId, KeyMetadata?.KeyId);
    assert.deepEqual(
      (await aws.ok("ListAliases", {})).Aliases?.map((alias) => [alias.AliasName, alias.TargetKeyId]),
      [[AliasName, KeyMetadata?.KeyId]],
    );
    assert.deepEqual(
      (await aws.ok("ListKeys", {})).Keys?.map(({ KeyId }) => KeyId),
      [KeyMetadata?.KeyId],
    );
    assert.equal((await aws.call("Encrypt", encrypt)).json.__type, "AccessDeniedException");
  });

  it("show their policy and their rotation, and are changed by nobody", async () => {
    const KeyId = String((await aws.ok("DescribeKey", { KeyId: AliasName })).KeyMetadata?.KeyId);
    const policy = JSON.parse(String((await aws.ok("GetKeyPolicy", { KeyId })).Policy));
    assert.equal(policy.Statement[0].Condition.StringEquals["kms:ViaService"], "s3.us-east-1.amazonaws.com");
    assert.equal((await aws.ok("GetKeyRotationStatus", { KeyId })).KeyRotationEnabled, true);
    const changes = [
      ["DisableKey", { KeyId }],
      ["DisableKeyRotation", { KeyId }],
      ["RotateKeyOnDemand", { KeyId }],
      ["ScheduleKeyDeletion", { KeyId }],
      ["PutKeyPolicy", { KeyId, Policy: JSON.stringify(policy) }],
      ["TagResource", { KeyId, Tags: [{ TagKey: "a", TagValue: "b" }] }],
      ["UpdateKeyDescription", { KeyId, Description: "mine" }],
      ["CreateAlias", { AliasName: "alias/mine", TargetKeyId: KeyId }],
    ] as const;
    for (const [operation, input] of changes) {
      const { json } = await aws.call(operation, input);
      assert.equal(json.__type, "AccessDeniedException", operation);
    }
    const mine = (await aws.createKey()).KeyId;
    for (const operation of ["CreateAlias", "UpdateAlias"]) {
      const { status } = await aws.call(operation, { AliasName, TargetKeyId: mine });
      assert.equal(status, 400, operation);
    }
    assert.equal((await aws.call("DeleteAlias", { AliasName })).status, 400);
    assert.equal((await aws.ok("DescribeKey", { KeyId: AliasName })).KeyMetadata?.KeyId, KeyId);
  });
});
