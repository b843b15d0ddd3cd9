import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { limits } from "@coffer/service";
import { type AwsTest, base64, openAws } from "./aws-client.ts";

const day = 86_400;

describe("AWS KMS rotation", () => {
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

  it("turns automatic rotation on and off, with a period", async () => {
    const { KeyId, Arn } = await aws.createKey();
    assert.deepEqual(await aws.ok("GetKeyRotationStatus", { KeyId }), { KeyRotationEnabled: false, KeyId: Arn });
    assert.equal((await aws.call("EnableKeyRotation", { KeyId })).text, "");
    assert.deepEqual(await aws.ok("GetKeyRotationStatus", { KeyId }), {
      KeyRotationEnabled: true,
      KeyId: Arn,
      RotationPeriodInDays: 365,
      NextRotationDate: nowSeconds + 365 * day,
    });
    await aws.call("EnableKeyRotation", { KeyId, RotationPeriodInDays: 90 });
    const status = await aws.ok("GetKeyRotationStatus", { KeyId });
    assert.deepEqual([status.RotationPeriodInDays, status.NextRotationDate], [90, nowSeconds + 90 * day]);
    assert.equal((await aws.call("DisableKeyRotation", { KeyId })).text, "");
    assert.deepEqual(await aws.ok("GetKeyRotationStatus", { KeyId }), { KeyRotationEnabled: false, KeyId: Arn });
  });

  it("takes periods from 90 to 2560 days", async () => {
    const { KeyId } = await aws.createKey();
    for (const RotationPeriodInDays of [90, 2560]) {
      assert.equal((await aws.call("EnableKeyRotation", { KeyId, RotationPeriodInDays })).status, 200);
    }
    const refused: [number, string][] = [
      [89, "greater than or equal to 90"],
      [2561, "less than or equal to 2560"],
    ];
    for (const [RotationPeriodInDays, bound] of refused) {
      await aws.fails(
        "EnableKeyRotation",
        { KeyId, RotationPeriodInDays },
        {
          type: "ValidationException",
          message: `1 validation error detected: Value '${RotationPeriodInDays}' at 'rotationPeriodInDays' failed to satisfy constraint: Member must have value ${bound}`,
        },
      );
    }
  });

  it("rotates on demand: old ciphertexts decrypt, and tell the material that made them", async () => {
    const { KeyId, Arn, CurrentKeyMaterialId } = await aws.createKey();
    const old = await aws.encrypt(KeyId, "old");
    assert.deepEqual(await aws.ok("RotateKeyOnDemand", { KeyId }), { KeyId: Arn });
    const rotated = (await aws.ok("DescribeKey", { KeyId })).KeyMetadata?.CurrentKeyMaterialId;
    assert.notEqual(rotated, CurrentKeyMaterialId);
    const opened = await aws.ok("Decrypt", { CiphertextBlob: old });
    assert.deepEqual([opened.Plaintext, opened.KeyMaterialId], [base64("old"), CurrentKeyMaterialId]);
    const fresh = await aws.ok("Decrypt", { CiphertextBlob: await aws.encrypt(KeyId, "new") });
    assert.deepEqual([fresh.Plaintext, fresh.KeyMaterialId], [base64("new"), rotated]);
  });

  it("lists rotations, and all material when asked", async () => {
    const { KeyId, Arn, CurrentKeyMaterialId } = await aws.createKey();
    assert.deepEqual(await aws.ok("ListKeyRotations", { KeyId }), { Rotations: [], Truncated: false });
    for (let i = 0; i < 3; i++) await aws.ok("RotateKeyOnDemand", { KeyId });
    const { Rotations = [] } = await aws.ok("ListKeyRotations", { KeyId });
    assert.equal(Rotations.length, 3);
    const current = (await aws.ok("DescribeKey", { KeyId })).KeyMetadata?.CurrentKeyMaterialId;
    assert.deepEqual(Rotations[2], {
      KeyId: Arn,
      KeyMaterialId: current,
      KeyMaterialState: "CURRENT",
      RotationDate: nowSeconds,
      RotationType: "ON_DEMAND",
    });
    assert.equal(Rotations[0]?.KeyMaterialState, "NON_CURRENT");

    const all = [];
    let Marker: string | undefined;
    do {
      const input = { KeyId, IncludeKeyMaterial: "ALL_KEY_MATERIAL", Limit: 3, Marker };
      const page = await aws.ok("ListKeyRotations", input);
      all.push(...(page.Rotations ?? []));
      Marker = page.NextMarker;
    } while (Marker !== undefined);
    assert.equal(all.length, 4);
    const first = { KeyId: Arn, KeyMaterialId: CurrentKeyMaterialId, KeyMaterialState: "NON_CURRENT" };
    assert.deepEqual(all[0], first);
    assert.deepEqual(all.slice(1), Rotations);
  });

  it("rotates on demand 25 times", async () => {
    const { KeyId, Arn } = await aws.createKey();
    for (let i = 0; i < limits.onDemandRotations.value; i++) await aws.ok("RotateKeyOnDemand", { KeyId });
    await aws.fails(
      "RotateKeyOnDemand",
      { KeyId },
      {
        type: "LimitExceededException",
        message: `The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: ${Arn}`,
      },
    );
  });
});
