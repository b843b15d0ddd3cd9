import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type AwsTest, base64, type Json, openAws } from "./aws-client.ts";

const dayMs = 86_400_000;

describe("the last use of a key", () => {
  let aws: AwsTest;

  before(async () => {
    aws = await openAws();
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  it("GetKeyLastUsage tells of a key that was not used, and of one that was", async () => {
    const { KeyId, Arn, CreationDate } = await aws.createKey();
    const unused = await aws.ok("GetKeyLastUsage", { KeyId });
    assert.deepEqual(unused, {
      KeyCreationDate: CreationDate,
      KeyId,
      TrackingStartDate: CreationDate,
      KeyLastUsage: {},
    });
    aws.test.clock.advance(1234);
    const usedAt = Math.floor(aws.test.clock.nowMs() / 1000);
    const { headers } = await aws.call("Encrypt", { KeyId, Plaintext: base64("x") });
    const event = (await aws.test.auditEvents()).at(-1)!;
    const { KeyLastUsage } = await aws.ok("GetKeyLastUsage", { KeyId: Arn });
    assert.deepEqual(KeyLastUsage, {
      Timestamp: usedAt,
      Operation: "Encrypt",
      KmsRequestId: headers["x-amzn-requestid"],
      CloudTrailEventId: event["eventID"],
    });
  });

  it("GetKeyLastUsage takes no alias, and asks for its own permission", async () => {
    const { KeyId } = await aws.createKey();
    await aws.ok("CreateAlias", { AliasName: "alias/used", TargetKeyId: KeyId });
    const { json } = await aws.call("GetKeyLastUsage", { KeyId: "alias/used" });
    assert.equal(json["__type"], "NotFoundException");
    const as = await aws.createUser("describer", { Effect: "Allow", Action: "kms:DescribeKey", Resource: "*" });
    assert.equal((await aws.call("GetKeyLastUsage", { KeyId }, { as })).json["__type"], "AccessDeniedException");
  });

  it("kms:TrailingDaysWithoutKeyUsage keeps keys that are in use", async () => {
    const actions = ["kms:DisableKey", "kms:ScheduleKeyDeletion"];
    const days = "kms:TrailingDaysWithoutKeyUsage";
    const when = (operator: string, value: string): Json => ({ Condition: { [operator]: { [days]: value } } });
    const operator = await aws.createUser("operator", { Effect: "Allow", Action: actions, Resource: "*" });
    const patient = await aws.createUser("patient", {
      Effect: "Allow",
      Action: actions,
      Resource: "*",
      ...when("NumericGreaterThan", "2"),
    });
    const { KeyId } = await aws.createKey();
    const root = {
      Effect: "Allow",
      Principal: { AWS: "arn:aws:iam::000000000000:root" },
      Action: "kms:*",
      Resource: "*",
    };
    const deny = {
      Effect: "Deny",
      Principal: "*",
      Action: actions,
      Resource: "*",
      ...when("NumericLessThanEquals", "2"),
    };
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [root, deny] });
    await aws.ok("PutKeyPolicy", { KeyId, Policy });
    const outcomes = async (): Promise<unknown[]> => {
      const answers = [];
      for (const as of [operator, patient, aws.root]) {
        answers.push((await aws.call("DisableKey", { KeyId }, { as })).json["__type"] ?? "done");
        answers.push((await aws.call("ScheduleKeyDeletion", { KeyId }, { as })).json["__type"] ?? "done");
        await aws.call("CancelKeyDeletion", { KeyId });
        await aws.call("EnableKey", { KeyId });
      }
      return answers;
    };
    const denied = Array(6).fill("AccessDeniedException");
    const allowed = Array(6).fill("done");
    // A new key counts from its creation; a part of a day does not count.
    assert.deepEqual(await outcomes(), denied);
    aws.test.clock.advance(3 * dayMs - 1);
    assert.deepEqual(await outcomes(), denied);
    aws.test.clock.advance(1);
    assert.deepEqual(await outcomes(), allowed);
    await aws.encrypt(KeyId, "in use again");
    assert.deepEqual(await outcomes(), denied);
    aws.test.clock.advance(3 * dayMs);
    assert.deepEqual(await outcomes(), allowed);
  });
});
