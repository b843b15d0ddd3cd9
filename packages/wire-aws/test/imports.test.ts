import assert from "node:assert/strict";
import { createHmac, createPublicKey, generateKeyPairSync, randomBytes, verify } from "node:crypto";
import { afterEach, beforeEach, describe, it } from "node:test";
import { keySpecs } from "@coffer/crypto";
import { type AwsTest, base64, type Json, openAws } from "./aws-client.ts";
import { importMaterial, importRequest } from "./import-client.ts";

const dayMs = 86_400_000;
const hourMs = 3_600_000;

describe("AWS KMS imported key material", () => {
  let aws: AwsTest;
  let KeyId: string;
  let Arn: string;
  const material = randomBytes(32);

  beforeEach(async () => {
    aws = await openAws();
    ({ KeyId, Arn } = await external());
  });
  afterEach(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  const external = (more: Json = {}) => aws.createKey({ Origin: "EXTERNAL", ...more });
  const describeKey = async (id = KeyId) => (await aws.ok("DescribeKey", { KeyId: id })).KeyMetadata as unknown as Json;
  const stateOf = async (id = KeyId) => (await describeKey(id))["KeyState"];
  const encrypt = (more: Json = {}) => aws.ok("Encrypt", { KeyId, Plaintext: base64("x"), ...more });

  async function refuses(
    operation: string,
    request: Json,
    type: string,
    message?: string | RegExp,
    region = "us-east-1",
  ) {
    const { status, json, text } = await aws.call(operation, request, { scope: { region } });
    assert.deepEqual([status, json["__type"]], [400, type], text);
    if (message instanceof RegExp) assert.match(String(json["message"]), message);
    else if (message !== undefined) assert.equal(json["message"], message);
  }

  const refusesImport = async (bytes: Uint8Array, more: Json, type: string, message?: string | RegExp) =>
    refuses("ImportKeyMaterial", await importRequest(aws, KeyId, bytes, { more }), type, message);

  async function listMaterial(): Promise<Json[]> {
    const { Rotations } = await aws.ok("ListKeyRotations", { KeyId, IncludeKeyMaterial: "ALL_KEY_MATERIAL" });
    return Rotations as unknown as Json[];
  }

  async function pass(ms: number): Promise<void> {
    aws.test.clock.advance(ms);
    await aws.test.lifecycle.runDue();
  }

  it("waits for its material, and works with it at once", async () => {
    assert.deepEqual([await stateOf(), (await describeKey())["Origin"]], ["PendingImport", "EXTERNAL"]);
    await refuses(
      "Encrypt",
      { KeyId, Plaintext: base64("x") },
      "KMSInvalidStateException",
      `${Arn} is pending import.`,
    );
    const { KeyMaterialId } = await importMaterial(aws, KeyId, material);
    assert.match(String(KeyMaterialId), /^[0-9a-f]{64}$/);
    const key = await describeKey();
    assert.deepEqual(
      [key["KeyState"], key["ExpirationModel"], key["ValidTo"], key["CurrentKeyMaterialId"]],
      ["Enabled", "KEY_MATERIAL_DOES_NOT_EXPIRE", undefined, KeyMaterialId],
    );
    const { CiphertextBlob } = await encrypt();
    const opened = await aws.ok("Decrypt", { CiphertextBlob });
    assert.deepEqual([opened.Plaintext, opened.KeyMaterialId], [base64("x"), KeyMaterialId]);
  });

  for (const algorithm of [
    "RSAES_OAEP_SHA_1",
    "RSAES_OAEP_SHA_256",
    "RSA_AES_KEY_WRAP_SHA_1",
    "RSA_AES_KEY_WRAP_SHA_256",
  ]) {
    it(`takes material wrapped by ${algorithm} to RSA of each size`, async () => {
      for (const wrappingKeySpec of ["RSA_2048", "RSA_3072", "RSA_4096"]) {
        const key = await external();
        await importMaterial(aws, key.KeyId, material, { algorithm, wrappingKeySpec });
        assert.equal(await stateOf(key.KeyId), "Enabled");
      }
    });
  }

  it("refuses wrapping that AWS has withdrawn, and keys with material of its own", async () => {
    const request = { KeyId, WrappingAlgorithm: "RSAES_PKCS1_V1_5", WrappingKeySpec: "RSA_2048" };
    await refuses("GetParametersForImport", request, "UnsupportedOperationException");
    const own = await aws.createKey();
    await refuses(
      "GetParametersForImport",
      { ...request, KeyId: own.KeyId, WrappingAlgorithm: "RSAES_OAEP_SHA_256" },
      "UnsupportedOperationException",
      `${own.Arn} origin is AWS_KMS which is not valid for this operation.`,
    );
    const imported = await importRequest(aws, KeyId, material);
    await refuses("ImportKeyMaterial", { ...imported, KeyId: own.KeyId }, "UnsupportedOperationException");
    await refuses("DeleteImportedKeyMaterial", { KeyId: own.KeyId }, "UnsupportedOperationException");
  });

  it("takes a token for a day, and no longer", async () => {
    const request = await importRequest(aws, KeyId, material);
    aws.test.clock.advance(24 * hourMs);
    await refuses("ImportKeyMaterial", request, "ExpiredImportTokenException");
    aws.test.clock.advance(-1);
    await aws.ok("ImportKeyMaterial", request);
  });

  it("takes a token for one key alone, and none that was changed", async () => {
    const request = await importRequest(aws, KeyId, material);
    const other = await external();
    await refuses("ImportKeyMaterial", { ...request, KeyId: other.KeyId }, "InvalidImportTokenException");
    const token = Buffer.from(String(request["ImportToken"]), "base64");
    for (const at of [0, 40, token.length - 1]) {
      const spoilt = Buffer.from(token);
      spoilt[at]! ^= 1;
      await refuses(
        "ImportKeyMaterial",
        { ...request, ImportToken: spoilt.toString("base64") },
        "InvalidImportTokenException",
      );
    }
    await refuses("ImportKeyMaterial", { ...request, ImportToken: base64("x") }, "InvalidImportTokenException");
    const wrapped = Buffer.from(String(request["EncryptedKeyMaterial"]), "base64");
    wrapped[3]! ^= 1;
    await refuses(
      "ImportKeyMaterial",
      { ...request, EncryptedKeyMaterial: wrapped.toString("base64") },
      "InvalidCiphertextException",
    );
    await aws.ok("ImportKeyMaterial", request);
  });

  it("expires within 365 days", async () => {
    const words = "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES";
    await refusesImport(material, { ExpirationModel: "KEY_MATERIAL_EXPIRES" }, "ValidationException", words);
    await refusesImport(material, { ExpirationModel: undefined }, "ValidationException", words);
    const now = aws.test.clock.nowMs() / 1000;
    for (const ValidTo of [now - 1, now, now + 365 * 86_400 + 1]) {
      await refusesImport(material, { ExpirationModel: "KEY_MATERIAL_EXPIRES", ValidTo }, "ValidationException");
    }
    for (const ValidTo of [8.64e12 + 1, 1e300, -1e300]) {
      const beyond = { ExpirationModel: "KEY_MATERIAL_EXPIRES", ValidTo };
      await refusesImport(material, beyond, "SerializationException");
    }
    await refusesImport(material, { ValidTo: now + 60 }, "ValidationException");
    await importMaterial(aws, KeyId, material, { more: { ExpirationModel: undefined, ValidTo: now + 365 * 86_400 } });
  });

  it("waits for the same material again once it has expired", async () => {
    const ValidTo = (aws.test.clock.nowMs() + 10 * dayMs) / 1000;
    await importMaterial(aws, KeyId, material, { more: { ExpirationModel: "KEY_MATERIAL_EXPIRES", ValidTo } });
    const key = await describeKey();
    assert.deepEqual([key["ExpirationModel"], key["ValidTo"]], ["KEY_MATERIAL_EXPIRES", ValidTo]);
    const { CiphertextBlob } = await encrypt();
    aws.test.clock.advance(10 * dayMs);
    // Refused by the clock alone, before the lifecycle has deleted anything.
    await refuses("Decrypt", { CiphertextBlob }, "KMSInvalidStateException", `${Arn} is pending import.`);
    await pass(0);
    assert.equal(await stateOf(), "PendingImport");
    const [entry] = await listMaterial();
    assert.deepEqual([entry?.["ImportState"], entry?.["KeyMaterialState"]], ["PENDING_IMPORT", "CURRENT"]);
    const stored = await aws.test.core.store.get("keyVersions", { region: "us-east-1", keyId: KeyId, version: 1 });
    assert.equal(stored?.wrappedMaterial.byteLength, 0);
    await refusesImport(randomBytes(32), {}, "IncorrectKeyMaterialException");
    await importMaterial(aws, KeyId, material);
    assert.equal((await aws.ok("Decrypt", { CiphertextBlob })).Plaintext, base64("x"));
    const events = (await aws.test.auditEvents()).map((event) => event["eventName"]);
    assert.ok(events.includes("DeleteExpiredKeyMaterial"));
  });

  it("has its material deleted and imported again", async () => {
    const { KeyMaterialId } = await importMaterial(aws, KeyId, material);
    const { CiphertextBlob } = await encrypt();
    assert.deepEqual(await aws.ok("DeleteImportedKeyMaterial", { KeyId }), { KeyId: Arn, KeyMaterialId });
    await refuses("Decrypt", { CiphertextBlob }, "KMSInvalidStateException");
    await aws.ok("DeleteImportedKeyMaterial", { KeyId });
    await refuses("DeleteImportedKeyMaterial", { KeyId, KeyMaterialId: "ab".repeat(32) }, "NotFoundException");
    await refusesImport(material, { KeyMaterialId: "ab".repeat(32) }, "IncorrectKeyMaterialException");
    await importMaterial(aws, KeyId, material, { more: { KeyMaterialId } });
    assert.equal((await aws.ok("Decrypt", { CiphertextBlob })).Plaintext, base64("x"));
  });

  it("comes back from a scheduled deletion as it was: without material it waits for it", async () => {
    await aws.ok("ScheduleKeyDeletion", { KeyId });
    const { CurrentKeyMaterialId, ExpirationModel } = await describeKey();
    assert.deepEqual([CurrentKeyMaterialId, ExpirationModel], [undefined, undefined]);
    await aws.ok("CancelKeyDeletion", { KeyId });
    assert.equal(await stateOf(), "PendingImport");
    await importMaterial(aws, KeyId, material);
    await aws.ok("ScheduleKeyDeletion", { KeyId });
    await aws.ok("CancelKeyDeletion", { KeyId });
    assert.equal(await stateOf(), "Disabled");
  });

  it("rotates by a further material, and decrypts with all of them", async () => {
    const first = await importMaterial(aws, KeyId, material, { more: { KeyMaterialDescription: "first" } });
    const old = await encrypt();
    await refuses(
      "RotateKeyOnDemand",
      { KeyId },
      "KMSInvalidStateException",
      `No available key material pending rotation for the key: ${Arn}.`,
    );
    await refuses(
      "EnableKeyRotation",
      { KeyId },
      "UnsupportedOperationException",
      `${Arn} origin is EXTERNAL which is not valid for this operation.`,
    );
    const newMaterial = { ImportType: "NEW_KEY_MATERIAL" };
    await refusesImport(material, newMaterial, "IncorrectKeyMaterialException");
    const second = await importMaterial(aws, KeyId, randomBytes(32), { more: newMaterial });
    assert.equal((await encrypt()).KeyId, Arn);
    assert.equal((await describeKey())["CurrentKeyMaterialId"], first["KeyMaterialId"]);
    assert.deepEqual(
      (await listMaterial()).map((entry) => [
        entry["KeyMaterialId"],
        entry["KeyMaterialState"],
        entry["ImportState"],
        entry["KeyMaterialDescription"],
      ]),
      [
        [first["KeyMaterialId"], "CURRENT", "IMPORTED", "first"],
        [second["KeyMaterialId"], "PENDING_ROTATION", "IMPORTED", undefined],
      ],
    );
    await refusesImport(
      randomBytes(32),
      newMaterial,
      "KMSInvalidStateException",
      new RegExp(
        `^New key material \\(id: [0-9a-f]{64}\\) cannot be imported into KMS key ${KeyId}, because another key material \\(id: ${second["KeyMaterialId"]}\\) is pending rotation\\.$`,
      ),
    );
    await aws.ok("RotateKeyOnDemand", { KeyId });
    assert.equal((await describeKey())["CurrentKeyMaterialId"], second["KeyMaterialId"]);
    const fresh = await encrypt();
    for (const [{ CiphertextBlob }, id] of [
      [old, first],
      [fresh, second],
    ] as const) {
      assert.equal((await aws.ok("Decrypt", { CiphertextBlob })).KeyMaterialId, id["KeyMaterialId"]);
    }
    const { Rotations } = await aws.ok("ListKeyRotations", { KeyId });
    assert.deepEqual(
      (Rotations as unknown as Json[]).map((entry) => [entry["KeyMaterialId"], entry["RotationType"]]),
      [[second["KeyMaterialId"], "ON_DEMAND"]],
    );
    // Without one of its materials the whole key waits.
    await aws.ok("DeleteImportedKeyMaterial", { KeyId, KeyMaterialId: first["KeyMaterialId"] });
    await refuses("Encrypt", { KeyId, Plaintext: base64("x") }, "KMSInvalidStateException");
    await importMaterial(aws, KeyId, material);
    assert.equal((await aws.ok("Decrypt", { CiphertextBlob: old.CiphertextBlob })).Plaintext, base64("x"));
  });

  it("goes on while material that waits for its rotation is deleted", async () => {
    await importMaterial(aws, KeyId, material);
    const pending = await importMaterial(aws, KeyId, randomBytes(32), { more: { ImportType: "NEW_KEY_MATERIAL" } });
    await aws.ok("DeleteImportedKeyMaterial", { KeyId, KeyMaterialId: pending["KeyMaterialId"] });
    assert.equal(await stateOf(), "Enabled");
    await refuses("RotateKeyOnDemand", { KeyId }, "KMSInvalidStateException");
  });

  it("has no more materials than its rotations on demand make", async () => {
    const request = { more: { ImportType: "NEW_KEY_MATERIAL" } };
    await importMaterial(aws, KeyId, material);
    for (let round = 0; round < 25; round += 1) {
      await importMaterial(aws, KeyId, randomBytes(32), { ...request, algorithm: "RSAES_OAEP_SHA_256" });
      await aws.ok("RotateKeyOnDemand", { KeyId });
    }
    await importMaterial(aws, KeyId, randomBytes(32), request);
    await refuses("RotateKeyOnDemand", { KeyId }, "LimitExceededException");
  });

  it("describes its materials in 256 characters", async () => {
    await refusesImport(material, { KeyMaterialDescription: "x".repeat(257) }, "ValidationException");
    await importMaterial(aws, KeyId, material, { more: { KeyMaterialDescription: "x".repeat(256) } });
  });

  it("takes what is no material of its spec for nothing", async () => {
    for (const bytes of [16, 31, 33, 64]) await refusesImport(randomBytes(bytes), {}, "IncorrectKeyMaterialException");
  });

  for (const { spec, algorithms, kind } of [...keySpecs.values()]) {
    const usage = [...algorithms.keys()].at(-1)!;
    it(`imports ${spec} for ${usage}, takes it again, and no other`, async () => {
      const key = await external({ KeySpec: spec, KeyUsage: usage });
      const row = keySpecs.get(spec)!;
      const [mine, other] = [await row.generate(), await row.generate()];
      const bytes = (secret: typeof mine) => secret.use((raw) => Buffer.from(raw));
      await importMaterial(aws, key.KeyId, bytes(mine));
      if (kind === "pair") {
        const { PublicKey } = await aws.ok("GetPublicKey", { KeyId: key.KeyId });
        const loaded = row.load(mine);
        assert.ok(loaded !== undefined);
        assert.equal(
          createPublicKey(loaded as never)
            .export({ format: "der", type: "spki" })
            .toString("base64"),
          PublicKey,
        );
      }
      await aws.ok("DeleteImportedKeyMaterial", { KeyId: key.KeyId });
      assert.equal(await stateOf(key.KeyId), "PendingImport");
      await refuses(
        "ImportKeyMaterial",
        await importRequest(aws, key.KeyId, bytes(other)),
        "IncorrectKeyMaterialException",
      );
      await importMaterial(aws, key.KeyId, bytes(mine));
      assert.equal(await stateOf(key.KeyId), "Enabled");
    });
  }

  it("computes with what was imported: a MAC and a signature checked outside", async () => {
    const hmac = await external({ KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" });
    const secret = randomBytes(40);
    await importMaterial(aws, hmac.KeyId, secret);
    const request = { KeyId: hmac.KeyId, Message: base64("x"), MacAlgorithm: "HMAC_SHA_256" };
    const expected = createHmac("sha256", secret).update("x").digest("base64");
    assert.equal((await aws.ok("GenerateMac", request)).Mac, expected);
    const pair = generateKeyPairSync("ec", { namedCurve: "P-384" });
    const signing = await external({ KeySpec: "ECC_NIST_P384", KeyUsage: "SIGN_VERIFY" });
    await importMaterial(aws, signing.KeyId, pair.privateKey.export({ format: "der", type: "pkcs8" }));
    const { Signature } = await aws.ok("Sign", {
      KeyId: signing.KeyId,
      Message: base64("x"),
      SigningAlgorithm: "ECDSA_SHA_384",
    });
    assert.ok(verify("sha384", Buffer.from("x"), pair.publicKey, Buffer.from(String(Signature), "base64")));
  });

  it("imports into each region of a multi-Region key, and rotates when all have the material", async () => {
    const key = await external({ MultiRegion: true });
    const region = "eu-west-1";
    const isNew = { more: { ImportType: "NEW_KEY_MATERIAL" } };
    const inRegion = (operation: string, more: Json = {}) =>
      aws.call(operation, { KeyId: key.KeyId, ...more }, { scope: { region } });
    await importMaterial(aws, key.KeyId, material, isNew);
    await aws.ok("ReplicateKey", { KeyId: key.KeyId, ReplicaRegion: region });
    const { CiphertextBlob } = await aws.ok("Encrypt", { KeyId: key.KeyId, Plaintext: base64("x") });
    assert.equal((await inRegion("Decrypt", { CiphertextBlob })).json["__type"], "KMSInvalidStateException");
    const stranger = await importRequest(aws, key.KeyId, randomBytes(32), { region });
    await refuses("ImportKeyMaterial", stranger, "IncorrectKeyMaterialException", undefined, region);
    await importMaterial(aws, key.KeyId, material, { region });
    assert.equal((await inRegion("Decrypt", { CiphertextBlob })).json["Plaintext"], base64("x"));
    const next = randomBytes(32);
    await importMaterial(aws, key.KeyId, next, isNew);
    const stateOfNext = async () => {
      const { Rotations } = await aws.ok("ListKeyRotations", {
        KeyId: key.KeyId,
        IncludeKeyMaterial: "ALL_KEY_MATERIAL",
      });
      return (Rotations as unknown as Json[]).at(-1)?.["KeyMaterialState"];
    };
    assert.equal(await stateOfNext(), "PENDING_MULTI_REGION_IMPORT_AND_ROTATION");
    await refuses("RotateKeyOnDemand", { KeyId: key.KeyId }, "KMSInvalidStateException");
    await importMaterial(aws, key.KeyId, next, { region, more: { ImportType: "EXISTING_KEY_MATERIAL" } });
    assert.equal(await stateOfNext(), "PENDING_ROTATION");
    await aws.ok("RotateKeyOnDemand", { KeyId: key.KeyId });
    const fresh = await inRegion("Encrypt", { Plaintext: base64("y") });
    const opened = await aws.ok("Decrypt", { CiphertextBlob: fresh.json["CiphertextBlob"] });
    assert.equal(opened.Plaintext, base64("y"));
    assert.equal((await inRegion("Decrypt", { CiphertextBlob })).json["Plaintext"], base64("x"));
  });

  it("obeys the conditions of a policy: wrapping, expiry model and date", async () => {
    const deny = (Action: string, Condition: object) => ({
      Effect: "Deny",
      Principal: "*",
      Action,
      Resource: "*",
      Condition,
    });
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:root" }, Action: "kms:*", Resource: "*" },
        deny("kms:GetParametersForImport", { StringEquals: { "kms:WrappingAlgorithm": "RSAES_OAEP_SHA_1" } }),
        deny("kms:ImportKeyMaterial", { StringEquals: { "kms:ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE" } }),
        deny("kms:ImportKeyMaterial", {
          DateGreaterThan: { "kms:ValidTo": new Date(aws.test.clock.nowMs() + 5 * dayMs).toISOString() },
        }),
      ],
    });
    await aws.ok("PutKeyPolicy", { KeyId, Policy });
    const wrapping = { KeyId, WrappingAlgorithm: "RSAES_OAEP_SHA_1", WrappingKeySpec: "RSA_2048" };
    await refuses("GetParametersForImport", wrapping, "AccessDeniedException");
    await refusesImport(material, {}, "AccessDeniedException");
    const until = (days: number) => ({
      ExpirationModel: "KEY_MATERIAL_EXPIRES",
      ValidTo: (aws.test.clock.nowMs() + days * dayMs) / 1000,
    });
    await refusesImport(material, until(6), "AccessDeniedException");
    await importMaterial(aws, KeyId, material, { more: until(4) });
  });
});
