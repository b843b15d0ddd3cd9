import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { parseKeyReference } from "../model/arn.ts";
import { listAliases } from "../operations/aliases/list-aliases.ts";
import { decrypt } from "../operations/decrypt.ts";
import { encrypt } from "../operations/encrypt.ts";
import { describeKey } from "../operations/keys/describe-key.ts";
import { listKeys } from "../operations/keys/list-keys.ts";
import { getKeyRotationStatus } from "../operations/rotation/automatic-rotation.ts";
import { listKeyRotations } from "../operations/rotation/list-key-rotations.ts";
import { execute } from "../pipeline/execute.ts";
import { allow, CoreTest } from "../testing/core-test.ts";
import { createManagedKey, provideManagedKey, providePredefined, throughService } from "./managed-keys.ts";
import { managedKeyServices } from "./services.ts";

const alias = "alias/aws/secretsmanager";
const plaintext = Buffer.from("x");

describe("managed keys", () => {
  let t: CoreTest;

  beforeEach(async () => {
    t = await CoreTest.open();
  });
  afterEach(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  it("are made once, on first use, an account and region each", async () => {
    const request = t.request();
    const made = await Promise.all(Array.from({ length: 5 }, () => provideManagedKey(t.core, alias, request)));
    assert.equal(new Set(made.map(({ arn }) => arn)).size, 1);
    const elsewhere = await provideManagedKey(t.core, alias, t.request({ region: "eu-west-1" }));
    assert.notEqual(elsewhere.record.keyId, made[0]!.record.keyId);
    assert.deepEqual(
      (await t.run(listAliases, {})).items.map(({ name, keyId }) => [name, keyId]),
      [[alias, made[0]!.record.keyId]],
    );
    assert.equal((await t.run(listKeys, {})).items.length, 1);
    const { key } = await t.run(describeKey, { keyId: alias });
    assert.deepEqual(
      [key.owner, key.description],
      ["AWS", "Default key that protects my Secrets Manager data when no other key is defined"],
    );
  });

  it("are used through their service alone, by principals of the account who may", async () => {
    await provideManagedKey(t.core, alias, t.request());
    const through = throughService(t.request(), alias);
    assert.equal(through.viaService, "secretsmanager.us-east-1.amazonaws.com");
    const { ciphertext } = await execute(t.core, encrypt, { keyId: alias, plaintext }, through);
    assert.deepEqual((await execute(t.core, decrypt, { ciphertext }, through)).plaintext, plaintext);
    const identity = (await t.lastEvent())["userIdentity"] as Record<string, unknown>;
    assert.deepEqual([identity["type"], identity["invokedBy"]], ["Root", "secretsmanager.amazonaws.com"]);
    await t.fails(encrypt, { keyId: alias, plaintext }, "AccessDenied");
    assert.equal("invokedBy" in ((await t.lastEvent())["userIdentity"] as object), false);
    await t.fails(decrypt, { ciphertext }, "AccessDenied");
    await t.fails(encrypt, { keyId: alias, plaintext }, "AccessDenied", throughService(t.request(), "alias/aws/s3"));
    assert.equal(await t.tryAs([allow("kms:*")], encrypt, { keyId: alias, plaintext }), "AccessDenied");
  });

  it("rotate every year", async () => {
    const { record } = await provideManagedKey(t.core, alias, t.request());
    const { rotation } = await t.run(getKeyRotationStatus, { keyId: alias });
    assert.deepEqual([rotation.enabled, rotation.periodMs], [true, 365 * 86_400_000]);
    assert.equal(record.dueAtMs, rotation.nextAtMs);
    t.test.clock.advance(365 * 86_400_000);
    await t.test.lifecycle.runDue();
    assert.equal((await t.run(listKeyRotations, { keyId: alias })).items.length, 1);
  });

  it("are not made for who may not describe them, nor for what is no predefined alias", async () => {
    assert.equal(await t.tryAs([allow("kms:ListKeys")], createManagedKey, { alias }), "AccessDenied");
    assert.equal(await t.tryAs([allow("kms:DescribeKey")], createManagedKey, { alias: "alias/aws/s3" }), "ok");
    await t.fails(createManagedKey, { alias: "alias/aws/nothing" }, "NotFound");
    await t.fails(createManagedKey, { alias: "alias/mine" }, "NotFound");
    const arn = "arn:aws:kms:us-east-1:111122223333:alias/aws/ebs";
    for (const reference of [
      arn,
      "alias/aws/nothing",
      "alias/mine",
      "arn:aws:kms:eu-west-1:000000000000:alias/aws/ebs",
    ]) {
      await providePredefined(t.core, reference, t.request());
    }
    assert.deepEqual(
      (await t.run(listAliases, {})).items.map(({ name }) => name),
      ["alias/aws/s3"],
    );
  });

  it("have policies that compile, for every service", async () => {
    for (const [name, service] of managedKeyServices) {
      assert.equal(parseKeyReference(name)?.kind, "alias");
      const { record } = await provideManagedKey(t.core, name, t.request());
      assert.match(record.policy, new RegExp(`"kms:ViaService": "${service.endpoint}\\.us-east-1\\.amazonaws\\.com"`));
    }
  });
});
