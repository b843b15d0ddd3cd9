import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type AwsTest, base64, openAws } from "./aws-client.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const day = 86_400;

describe("AWS KMS keys", () => {
  let aws: AwsTest;
  let nowSeconds: number;

  before(async () => {
    aws = await openAws();
    nowSeconds = aws.test.clock.nowMs() / 1000;
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  it("creates a key with all metadata of AWS, and describes it by every name", async () => {
    aws.test.clock.set(nowSeconds * 1000 + 123);
    const created = await aws.createKey({
      Description: "orders ✓",
      Tags: [{ TagKey: "team", TagValue: "" }],
      KeySpec: "SYMMETRIC_DEFAULT",
      KeyUsage: "ENCRYPT_DECRYPT",
      Origin: "AWS_KMS",
      MultiRegion: false,
    });
    aws.test.clock.set(nowSeconds * 1000);
    const { KeyId, CurrentKeyMaterialId } = created;
    assert.match(KeyId, uuid);
    assert.match(CurrentKeyMaterialId, /^[a-f0-9]{64}$/);
    assert.deepEqual(created, {
      AWSAccountId: "000000000000",
      KeyId,
      Arn: `arn:aws:kms:us-east-1:000000000000:key/${KeyId}`,
      CreationDate: nowSeconds + 0.123,
      Enabled: true,
      Description: "orders ✓",
      KeyUsage: "ENCRYPT_DECRYPT",
      KeyState: "Enabled",
      Origin: "AWS_KMS",
      KeyManager: "CUSTOMER",
      CustomerMasterKeySpec: "SYMMETRIC_DEFAULT",
      KeySpec: "SYMMETRIC_DEFAULT",
      EncryptionAlgorithms: ["SYMMETRIC_DEFAULT"],
      MultiRegion: false,
      CurrentKeyMaterialId,
    });
    await aws.call("CreateAlias", { AliasName: "alias/described", TargetKeyId: KeyId });
    for (const name of [KeyId, created.Arn, "alias/described", created.Arn.replace(/key\/.*/, "alias/described")]) {
      assert.deepEqual((await aws.ok("DescribeKey", { KeyId: name })).KeyMetadata, created);
    }
  });

  it("takes the deprecated name of the key spec, but not both", async () => {
    const CustomerMasterKeySpec = "SYMMETRIC_DEFAULT";
    assert.equal((await aws.createKey({ CustomerMasterKeySpec })).KeySpec, "SYMMETRIC_DEFAULT");
    await aws.fails(
      "CreateKey",
      { CustomerMasterKeySpec, KeySpec: "SYMMETRIC_DEFAULT" },
      {
        type: "ValidationException",
        message:
          "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.",
      },
    );
  });

  it("refuses keys that it cannot make, by name", async () => {
    await aws.fails(
      "CreateKey",
      { Origin: "AWS_CLOUDHSM", CustomKeyStoreId: "cks-1" },
      {
        type: "UnsupportedOperationException",
        message: "Origin AWS_CLOUDHSM (there is no AWS CloudHSM here) is not supported by this release of Coffer.",
      },
    );
    const external = { Origin: "EXTERNAL_KEY_STORE", CustomKeyStoreId: "cks-1", XksKeyId: "x" };
    for (const absent of ["Origin", "CustomKeyStoreId", "XksKeyId"]) {
      await aws.fails(
        "CreateKey",
        { ...external, [absent]: undefined },
        {
          type: "ValidationException",
          message: "Origin EXTERNAL_KEY_STORE, CustomKeyStoreId and XksKeyId must be specified together.",
        },
      );
    }
    await aws.fails("CreateKey", external, {
      type: "CustomKeyStoreNotFoundException",
      message: "Custom key store cks-1 is not found.",
    });
    await aws.fails(
      "CreateKey",
      { KeyUsage: "SIGN_VERIFY" },
      {
        type: "ValidationException",
        message: "KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT",
      },
    );
  });

  it("answers keys that are not there in AWS's words", async () => {
    const missing = "00000000-0000-4000-8000-000000000000";
    const arn = `arn:aws:kms:us-east-1:000000000000:key/${missing}`;
    const cases: [string, string][] = [
      [missing, `Key '${arn}' does not exist`],
      [arn, `Key '${arn}' does not exist`],
      [
        "mrk-d3b07384d113edec49eaa6238ad5ff00",
        "Key 'arn:aws:kms:us-east-1:000000000000:key/mrk-d3b07384d113edec49eaa6238ad5ff00' does not exist",
      ],
      ["fake-key-id", "Invalid keyId 'fake-key-id'"],
      ["mrk-fake-key-id", "Invalid keyId 'mrk-fake-key-id'"],
      ["134f2428cec14b25a1ae9048164dba47", "Invalid keyId '134f2428cec14b25a1ae9048164dba47'"],
      ["constructor", "Invalid keyId 'constructor'"],
      ["alias/nobody", "Alias arn:aws:kms:us-east-1:000000000000:alias/nobody is not found."],
      [arn.replace("us-east-1", "us-west-2"), "Invalid arn us-west-2"],
    ];
    for (const [KeyId, message] of cases) {
      await aws.fails("DescribeKey", { KeyId }, { type: "NotFoundException", message });
      await aws.fails("Encrypt", { KeyId, Plaintext: base64("x") }, { type: "NotFoundException", message });
    }
    await aws.fails(
      "DescribeKey",
      { KeyId: "arn:aws:s3:::bucket" },
      {
        type: "InvalidArnException",
        message: "Invalid arn arn:aws:s3:::bucket",
      },
    );
    await aws.fails(
      "Encrypt",
      { KeyId: "arn:aws:s3:::bucket", Plaintext: base64("x") },
      {
        type: "NotFoundException",
        message: "Invalid arn arn:aws:s3:::bucket",
      },
    );
  });

  it("keeps keys of another region apart", async () => {
    const west = { scope: { region: "eu-west-3" } };
    const key = await aws.createKey({}, west);
    assert.equal(key.Arn, `arn:aws:kms:eu-west-3:000000000000:key/${key.KeyId}`);
    await aws.fails(
      "DescribeKey",
      { KeyId: key.KeyId },
      {
        type: "NotFoundException",
        message: `Key 'arn:aws:kms:us-east-1:000000000000:key/${key.KeyId}' does not exist`,
      },
    );
    const { Keys } = await aws.ok("ListKeys", {}, west);
    assert.deepEqual(Keys, [{ KeyId: key.KeyId, KeyArn: key.Arn }]);
  });

  it("takes no alias where AWS takes none", async () => {
    await aws.createKey();
    const operations: [string, Record<string, unknown>][] = [
      ["EnableKey", {}],
      ["DisableKey", {}],
      ["UpdateKeyDescription", { Description: "" }],
      ["ScheduleKeyDeletion", {}],
      ["CancelKeyDeletion", {}],
      ["EnableKeyRotation", {}],
      ["DisableKeyRotation", {}],
      ["GetKeyRotationStatus", {}],
      ["RotateKeyOnDemand", {}],
      ["ListKeyRotations", {}],
      ["GetKeyPolicy", {}],
      ["PutKeyPolicy", { Policy: "{}" }],
      ["ListKeyPolicies", {}],
      ["TagResource", { Tags: [] }],
      ["UntagResource", { TagKeys: [] }],
      ["ListResourceTags", {}],
      ["ListAliases", {}],
    ];
    for (const [operation, more] of operations) {
      for (const KeyId of ["alias/described", "arn:aws:kms:us-east-1:000000000000:alias/described"]) {
        const message = `Invalid keyId '${KeyId}'`;
        await aws.fails(operation, { KeyId, ...more }, { type: "NotFoundException", message });
      }
    }
  });

  it("disables and enables a key, for the very next request", async () => {
    const { KeyId, Arn } = await aws.createKey();
    const CiphertextBlob = await aws.encrypt(KeyId, "x");
    assert.equal((await aws.call("DisableKey", { KeyId })).text, "");
    assert.equal((await aws.call("DisableKey", { KeyId: Arn })).status, 200);
    const disabled = { type: "DisabledException", message: `${Arn} is disabled.` };
    await aws.fails("Encrypt", { KeyId, Plaintext: base64("x") }, disabled);
    await aws.fails("Decrypt", { CiphertextBlob }, disabled);
    await aws.fails("GenerateDataKey", { KeyId, KeySpec: "AES_256" }, disabled);
    await aws.fails("GenerateDataKeyWithoutPlaintext", { KeyId, KeySpec: "AES_256" }, disabled);
    await aws.fails("ReEncrypt", { CiphertextBlob, DestinationKeyId: KeyId }, disabled);
    await aws.fails("EnableKeyRotation", { KeyId }, disabled);
    await aws.fails("RotateKeyOnDemand", { KeyId }, disabled);
    const metadata = (await aws.ok("DescribeKey", { KeyId })).KeyMetadata;
    assert.deepEqual([metadata?.KeyState, metadata?.Enabled], ["Disabled", false]);
    assert.equal((await aws.call("EnableKey", { KeyId })).text, "");
    assert.equal((await aws.ok("Decrypt", { CiphertextBlob })).Plaintext, base64("x"));
  });

  it("changes the description", async () => {
    const { KeyId } = await aws.createKey();
    for (const Description of ["a".repeat(8192), ""]) {
      assert.equal((await aws.call("UpdateKeyDescription", { KeyId, Description })).text, "");
      assert.equal((await aws.ok("DescribeKey", { KeyId })).KeyMetadata?.Description, Description);
    }
    await aws.fails(
      "UpdateKeyDescription",
      { KeyId },
      {
        type: "ValidationException",
        message:
          "1 validation error detected: Value null at 'description' failed to satisfy constraint: Member must not be null",
      },
    );
  });

  it("schedules and cancels deletion", async () => {
    const { KeyId, Arn } = await aws.createKey();
    const CiphertextBlob = await aws.encrypt(KeyId, "x");
    await aws.fails(
      "CancelKeyDeletion",
      { KeyId },
      {
        type: "KMSInvalidStateException",
        message: `${Arn} is not pending deletion.`,
      },
    );
    await aws.fails(
      "ScheduleKeyDeletion",
      { KeyId, PendingWindowInDays: 6 },
      {
        type: "ValidationException",
        message: /from 7 to 30/,
      },
    );
    assert.deepEqual(await aws.ok("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 }), {
      KeyId: Arn,
      DeletionDate: nowSeconds + 7 * day,
      KeyState: "PendingDeletion",
      PendingWindowInDays: 7,
    });
    const pending = { type: "KMSInvalidStateException", message: `${Arn} is pending deletion.` };
    await aws.fails("Encrypt", { KeyId, Plaintext: base64("x") }, pending);
    await aws.fails("Decrypt", { CiphertextBlob }, pending);
    await aws.fails("ScheduleKeyDeletion", { KeyId }, pending);
    await aws.fails("EnableKey", { KeyId }, pending);
    await aws.fails("DisableKey", { KeyId }, pending);
    await aws.fails("TagResource", { KeyId, Tags: [] }, pending);
    await aws.fails("CreateAlias", { AliasName: "alias/late", TargetKeyId: KeyId }, pending);
    const metadata = (await aws.ok("DescribeKey", { KeyId })).KeyMetadata;
    assert.deepEqual(
      [metadata?.KeyState, metadata?.Enabled, metadata?.DeletionDate, metadata?.PendingDeletionWindowInDays],
      ["PendingDeletion", false, nowSeconds + 7 * day, undefined],
    );
    assert.deepEqual(await aws.ok("CancelKeyDeletion", { KeyId }), { KeyId: Arn });
    const after = (await aws.ok("DescribeKey", { KeyId })).KeyMetadata;
    assert.deepEqual([after?.KeyState, after?.DeletionDate], ["Disabled", undefined]);
    await aws.fails(
      "CancelKeyDeletion",
      { KeyId },
      {
        type: "KMSInvalidStateException",
        message: `${Arn} is not pending deletion.`,
      },
    );
    assert.equal((await aws.ok("ScheduleKeyDeletion", { KeyId })).PendingWindowInDays, 30);
  });

  it("lists keys page by page, each once", async () => {
    const scope = { scope: { region: "ap-northeast-1" } };
    const made = new Set<string>();
    for (let i = 0; i < 7; i++) made.add((await aws.createKey({}, scope)).KeyId);
    const seen: string[] = [];
    let Marker: string | undefined;
    do {
      const page = await aws.ok("ListKeys", { Limit: 3, Marker }, scope);
      assert.ok(page.Keys !== undefined && page.Keys.length <= 3);
      for (const { KeyId, KeyArn } of page.Keys) {
        assert.equal(KeyArn, `arn:aws:kms:ap-northeast-1:000000000000:key/${KeyId}`);
        seen.push(String(KeyId));
      }
      assert.equal(page.Truncated, page.NextMarker !== undefined);
      Marker = page.NextMarker;
    } while (Marker !== undefined);
    assert.deepEqual([seen.length, new Set(seen)], [7, made]);
  });

  it("refuses markers that this listing did not give", async () => {
    const scope = { scope: { region: "ap-northeast-1" } };
    const { NextMarker } = await aws.ok("ListKeys", { Limit: 1 }, scope);
    const invalid = { type: "InvalidMarkerException", message: "The marker is not valid." };
    await aws.fails("ListKeys", { Marker: "made up" }, invalid, scope);
    await aws.fails("ListKeys", { Marker: `${NextMarker}A` }, invalid, scope);
    await aws.fails("ListKeys", { Marker: NextMarker }, invalid);
    await aws.fails("ListAliases", { Marker: NextMarker }, invalid, scope);
  });

  it("shares no keys with other accounts", async () => {
    const others = await aws.ok("ListKeys", { ResourceOwners: ["OTHER_ACCOUNTS_VIA_RAM"] });
    assert.deepEqual(others, { Keys: [], Truncated: false });
    const own = await aws.ok("ListKeys", { ResourceOwners: ["OTHER_ACCOUNTS_VIA_RAM", "SELF"] });
    assert.deepEqual(own, await aws.ok("ListKeys", {}));
  });
});
