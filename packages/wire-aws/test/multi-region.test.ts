import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { OperationName } from "../src/kms/codec.ts";
import { type AwsTest, base64, type Json, openAws } from "./aws-client.ts";

const dayMs = 86_400_000;
const home = "us-east-1";
const replica = "eu-west-1";
const third = "ap-southeast-2";

describe("AWS KMS multi-Region keys", () => {
  let aws: AwsTest;
  let KeyId: string;

  beforeEach(async () => {
    aws = await openAws();
    const key = await create({
      MultiRegion: true,
      Description: "of the primary",
      Tags: [{ TagKey: "a", TagValue: "b" }],
    });
    KeyId = String(key["KeyId"]);
  });
  afterEach(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  const arnIn = (region: string) => `arn:aws:kms:${region}:000000000000:key/${KeyId}`;

  async function create(request: Json): Promise<Json> {
    return (await aws.ok("CreateKey", request))["KeyMetadata"] as Json;
  }

  /** Calls an operation in a region, which has to succeed. */
  async function callIn(region: string, operation: OperationName, request: object): Promise<Json> {
    const answer = await aws.call(operation, request, { scope: { region } });
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  }

  async function refusesIn(region: string, operation: OperationName, request: object, type: string, message?: string) {
    const { status, json, text } = await aws.call(operation, request, { scope: { region } });
    assert.deepEqual([status, json["__type"]], [400, type], text);
    if (message !== undefined) assert.equal(json["message"] ?? json["Message"], message);
  }

  const describeIn = async (region: string) => (await callIn(region, "DescribeKey", { KeyId }))["KeyMetadata"] as Json;
  const replicate = (ReplicaRegion = replica, more: object = {}) =>
    callIn(home, "ReplicateKey", { KeyId, ReplicaRegion, ...more });

  /** Moves the clock, and does what fell due. */
  async function pass(days: number): Promise<void> {
    aws.test.clock.advance(days * dayMs);
    await aws.test.lifecycle.runDue();
  }

  it("have an id that begins with mrk-, and are primary keys at first", async () => {
    assert.match(KeyId, /^mrk-[0-9a-f]{32}$/);
    const key = await describeIn(home);
    assert.equal(key["MultiRegion"], true);
    assert.deepEqual(key["MultiRegionConfiguration"], {
      MultiRegionKeyType: "PRIMARY",
      PrimaryKey: { Arn: arnIn(home), Region: home },
      ReplicaKeys: [],
    });
    const single = await create({});
    assert.deepEqual([single["MultiRegion"], "MultiRegionConfiguration" in single], [false, false]);
  });

  it("are replicated with their material, and with nothing that belongs to the primary alone", async () => {
    const made = await replicate(replica, { Description: "of the replica", Tags: [{ TagKey: "c", TagValue: "d" }] });
    const metadata = made["ReplicaKeyMetadata"] as Json;
    assert.deepEqual(made["ReplicaTags"], [{ TagKey: "c", TagValue: "d" }]);
    assert.match(String(made["ReplicaPolicy"]), /Enable IAM User Permissions/);
    assert.deepEqual(await describeIn(replica), metadata);
    assert.deepEqual(
      [metadata["Arn"], metadata["KeyState"], metadata["Description"]],
      [arnIn(replica), "Enabled", "of the replica"],
    );
    const both = {
      PrimaryKey: { Arn: arnIn(home), Region: home },
      ReplicaKeys: [{ Arn: arnIn(replica), Region: replica }],
    };
    assert.deepEqual(metadata["MultiRegionConfiguration"], { MultiRegionKeyType: "REPLICA", ...both });
    const primary = await describeIn(home);
    assert.deepEqual(primary["MultiRegionConfiguration"], { MultiRegionKeyType: "PRIMARY", ...both });
    assert.equal(primary["CurrentKeyMaterialId"], metadata["CurrentKeyMaterialId"]);
    assert.equal(primary["Description"], "of the primary");
  });

  it("decrypt in every region that has them, and in no other", async () => {
    const EncryptionContext = { a: "b" };
    const sent = await callIn(home, "Encrypt", { KeyId, Plaintext: base64("x"), EncryptionContext });
    const { CiphertextBlob } = sent;
    const hidden =
      "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.";
    await refusesIn(replica, "Decrypt", { CiphertextBlob, EncryptionContext }, "AccessDeniedException", hidden);
    await replicate();
    const opened = await callIn(replica, "Decrypt", { CiphertextBlob, EncryptionContext });
    assert.deepEqual([opened["Plaintext"], opened["KeyId"]], [base64("x"), arnIn(replica)]);
    await refusesIn(third, "Decrypt", { CiphertextBlob, EncryptionContext }, "AccessDeniedException", hidden);
    await refusesIn(
      replica,
      "Decrypt",
      { CiphertextBlob, EncryptionContext: { a: "c" } },
      "InvalidCiphertextException",
    );
    const back = await callIn(replica, "Encrypt", { KeyId, Plaintext: base64("y") });
    const { Plaintext } = await callIn(home, "Decrypt", { CiphertextBlob: back["CiphertextBlob"] });
    assert.equal(Plaintext, base64("y"));
    // A disabled replica does not decrypt, while its primary goes on.
    await callIn(replica, "DisableKey", { KeyId });
    await refusesIn(replica, "Decrypt", { CiphertextBlob, EncryptionContext }, "DisabledException");
    await callIn(home, "Decrypt", { CiphertextBlob, EncryptionContext });
  });

  it("sign in one region and verify in another", async () => {
    const key = await create({ MultiRegion: true, KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" });
    KeyId = String(key["KeyId"]);
    await replicate();
    const request = { KeyId, Message: base64("x"), SigningAlgorithm: "ECDSA_SHA_256" };
    const { Signature } = await callIn(replica, "Sign", request);
    assert.equal((await callIn(home, "Verify", { ...request, Signature }))["SignatureValid"], true);
    const publicKeys = [
      await callIn(home, "GetPublicKey", { KeyId }),
      await callIn(replica, "GetPublicKey", { KeyId }),
    ];
    assert.equal(publicKeys[0]?.["PublicKey"], publicKeys[1]?.["PublicKey"]);
  });

  it("rotate together, by their primary alone", async () => {
    await replicate();
    const old = await callIn(replica, "Encrypt", { KeyId, Plaintext: base64("old") });
    for (const operation of ["EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand"] as const) {
      await refusesIn(replica, operation, { KeyId }, "UnsupportedOperationException");
    }
    await callIn(home, "EnableKeyRotation", { KeyId, RotationPeriodInDays: 90 });
    const status = await callIn(replica, "GetKeyRotationStatus", { KeyId });
    assert.deepEqual([status["KeyRotationEnabled"], status["RotationPeriodInDays"]], [true, 90]);
    await callIn(home, "RotateKeyOnDemand", { KeyId });
    const ids = async () => [
      (await describeIn(home))["CurrentKeyMaterialId"],
      (await describeIn(replica))["CurrentKeyMaterialId"],
    ];
    const afterFirst = await ids();
    assert.equal(afterFirst[0], afterFirst[1]);
    await pass(91);
    const afterSecond = await ids();
    assert.equal(afterSecond[0], afterSecond[1]);
    assert.notEqual(afterSecond[0], afterFirst[0]);
    const listed = await Promise.all([home, replica].map((region) => callIn(region, "ListKeyRotations", { KeyId })));
    const types = listed.map(({ Rotations }) => (Rotations as Json[]).map(({ RotationType }) => RotationType));
    assert.deepEqual(types, [
      ["ON_DEMAND", "AUTOMATIC"],
      ["ON_DEMAND", "AUTOMATIC"],
    ]);
    const late = await callIn(home, "Encrypt", { KeyId, Plaintext: base64("late") });
    for (const region of [home, replica]) {
      for (const { CiphertextBlob } of [old, late]) await callIn(region, "Decrypt", { CiphertextBlob });
    }
  });

  it("are replicated by their primary alone, once a region", async () => {
    await replicate();
    const notPrimary = (arn: string) => `${arn} is not a multi-region primary key.`;
    const elsewhere = { KeyId, ReplicaRegion: third };
    await refusesIn(replica, "ReplicateKey", elsewhere, "UnsupportedOperationException", notPrimary(arnIn(replica)));
    await refusesIn(home, "ReplicateKey", { KeyId, ReplicaRegion: replica }, "AlreadyExistsException");
    await refusesIn(home, "ReplicateKey", { KeyId, ReplicaRegion: home }, "AlreadyExistsException");
    await refusesIn(home, "ReplicateKey", { KeyId, ReplicaRegion: "nowhere" }, "ValidationException");
    const single = await create({});
    await refusesIn(
      home,
      "ReplicateKey",
      { KeyId: single["KeyId"], ReplicaRegion: third },
      "UnsupportedOperationException",
      notPrimary(String(single["Arn"])),
    );
    await callIn(home, "DisableKey", { KeyId });
    await refusesIn(home, "ReplicateKey", elsewhere, "DisabledException");
  });

  it("exchange the primary region, with the permission on both keys", async () => {
    await replicate();
    await replicate(third);
    await refusesIn(home, "UpdatePrimaryRegion", { KeyId, PrimaryRegion: "us-west-2" }, "NotFoundException");
    await refusesIn(replica, "UpdatePrimaryRegion", { KeyId, PrimaryRegion: third }, "UnsupportedOperationException");
    await callIn(replica, "DisableKey", { KeyId });
    await refusesIn(home, "UpdatePrimaryRegion", { KeyId, PrimaryRegion: replica }, "DisabledException");
    await callIn(replica, "EnableKey", { KeyId });
    const root = {
      Effect: "Allow",
      Principal: { AWS: "arn:aws:iam::000000000000:root" },
      Action: "kms:*",
      Resource: "*",
    };
    const deny = { Effect: "Deny", Principal: "*", Action: "kms:UpdatePrimaryRegion", Resource: "*" };
    const put = (Statement: object[]) =>
      callIn(replica, "PutKeyPolicy", { KeyId, Policy: JSON.stringify({ Version: "2012-10-17", Statement }) });
    await put([root, deny]);
    await refusesIn(home, "UpdatePrimaryRegion", { KeyId, PrimaryRegion: replica }, "AccessDeniedException");
    await put([root]);
    await callIn(home, "UpdatePrimaryRegion", { KeyId, PrimaryRegion: replica });
    for (const region of [home, replica, third]) {
      assert.deepEqual((await describeIn(region))["MultiRegionConfiguration"], {
        MultiRegionKeyType: region === replica ? "PRIMARY" : "REPLICA",
        PrimaryKey: { Arn: arnIn(replica), Region: replica },
        ReplicaKeys: [third, home].map((at) => ({ Arn: arnIn(at), Region: at })),
      });
    }
    await callIn(replica, "RotateKeyOnDemand", { KeyId });
    await refusesIn(home, "RotateKeyOnDemand", { KeyId }, "UnsupportedOperationException");
  });

  it("rotate on schedule by whichever key is the primary one", async () => {
    await replicate();
    await callIn(home, "EnableKeyRotation", { KeyId, RotationPeriodInDays: 90 });
    await callIn(home, "UpdatePrimaryRegion", { KeyId, PrimaryRegion: replica });
    await pass(91);
    const { Rotations } = await callIn(home, "ListKeyRotations", { KeyId });
    assert.equal((Rotations as Json[]).length, 1);
  });

  it("are deleted primary last: it waits for its replicas, then for its own period", async () => {
    await replicate();
    await replicate(third);
    const { CiphertextBlob } = await callIn(home, "Encrypt", { KeyId, Plaintext: base64("x") });
    const scheduled = await callIn(home, "ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
    assert.deepEqual(scheduled, { KeyId: arnIn(home), KeyState: "PendingReplicaDeletion", PendingWindowInDays: 7 });
    const waiting = await describeIn(home);
    assert.deepEqual([waiting["KeyState"], waiting["PendingDeletionWindowInDays"]], ["PendingReplicaDeletion", 7]);
    await refusesIn(home, "Decrypt", { CiphertextBlob }, "KMSInvalidStateException");
    await pass(40);
    for (const region of [replica, third]) {
      await callIn(region, "Decrypt", { CiphertextBlob });
      await aws.test.core.keyUsages.flush(aws.test.clock.nowMs());
      assert.ok((await aws.test.core.store.get("keyUsages", { region, keyId: KeyId })) !== undefined);
      await callIn(region, "ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
      await pass(8);
      await refusesIn(region, "DescribeKey", { KeyId }, "NotFoundException");
      assert.equal(await aws.test.core.store.get("keyUsages", { region, keyId: KeyId }), undefined);
    }
    const now = aws.test.clock.nowMs();
    const dying = await describeIn(home);
    assert.equal(dying["KeyState"], "PendingDeletion");
    assert.ok(Number(dying["DeletionDate"]) * 1000 > now + 5 * dayMs);
    assert.deepEqual((dying["MultiRegionConfiguration"] as Json)["ReplicaKeys"], []);
    await callIn(home, "CancelKeyDeletion", { KeyId });
    await callIn(home, "EnableKey", { KeyId });
    assert.equal((await callIn(home, "Decrypt", { CiphertextBlob }))["Plaintext"], base64("x"));
    await callIn(home, "ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
    await pass(8);
    await refusesIn(home, "DescribeKey", { KeyId }, "NotFoundException");
    assert.deepEqual(await aws.test.core.store.listKeyVersions("*", KeyId, 0, 10), []);
  });

  it("come back from waiting for their replicas", async () => {
    await replicate();
    await callIn(home, "ScheduleKeyDeletion", { KeyId });
    await callIn(home, "CancelKeyDeletion", { KeyId });
    const back = await describeIn(home);
    assert.deepEqual([back["KeyState"], "PendingDeletionWindowInDays" in back], ["Disabled", false]);
  });

  it("change in all regions or in none when calls race", async () => {
    const regions = ["eu-west-1", "eu-west-2", "eu-west-3", "eu-north-1", "eu-south-1", "sa-east-1"];
    await Promise.all([
      ...regions.map((region) => replicate(region)),
      callIn(home, "RotateKeyOnDemand", { KeyId }),
      callIn(home, "RotateKeyOnDemand", { KeyId }),
    ]);
    const described = await Promise.all([home, ...regions].map(describeIn));
    assert.equal(new Set(described.map((key) => key["CurrentKeyMaterialId"])).size, 1);
    const configurations = described.map((key) => key["MultiRegionConfiguration"] as Json);
    assert.equal(new Set(configurations.map(({ ReplicaKeys }) => JSON.stringify(ReplicaKeys))).size, 1);
    assert.equal((configurations[0]!["ReplicaKeys"] as unknown[]).length, regions.length);
  });

  it("obey the conditions of a policy: replica region and key type", async () => {
    const statement = (Effect: string, Action: string, Condition: object) => ({
      Effect,
      Principal: "*",
      Action,
      Resource: "*",
      Condition,
    });
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:root" }, Action: "kms:*", Resource: "*" },
        statement("Deny", "kms:ReplicateKey", { StringNotEquals: { "kms:ReplicaRegion": replica } }),
        statement("Deny", "kms:UpdatePrimaryRegion", { StringEquals: { "kms:PrimaryRegion": replica } }),
        statement("Deny", "kms:DisableKey", { StringEquals: { "kms:MultiRegionKeyType": "PRIMARY" } }),
      ],
    });
    await callIn(home, "PutKeyPolicy", { KeyId, Policy });
    await refusesIn(home, "ReplicateKey", { KeyId, ReplicaRegion: third }, "AccessDeniedException");
    await replicate();
    await refusesIn(home, "UpdatePrimaryRegion", { KeyId, PrimaryRegion: replica }, "AccessDeniedException");
    await refusesIn(home, "DisableKey", { KeyId }, "AccessDeniedException");
    await callIn(replica, "DisableKey", { KeyId });
  });

  it("a policy that keeps keys in one region holds for replicas", async () => {
    const inHome = { Effect: "Allow", Action: ["kms:CreateKey", "kms:TagResource"], Resource: "*" };
    const Condition = { StringEquals: { "aws:RequestedRegion": [home, third] } };
    const user = await aws.createUser("homely", { ...inHome, Condition });
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:root" }, Action: "kms:*", Resource: "*" },
        { Effect: "Allow", Principal: { AWS: user.arn }, Action: "kms:ReplicateKey", Resource: "*" },
      ],
    });
    await callIn(home, "PutKeyPolicy", { KeyId, Policy });
    const call = (ReplicaRegion: string) => aws.call("ReplicateKey", { KeyId, ReplicaRegion }, { as: user });
    const refused = await call(replica);
    assert.equal(refused.json["__type"], "AccessDeniedException", refused.text);
    assert.match(refused.text, /kms:CreateKey/);
    assert.equal((await call(third)).status, 200);
  });
});
