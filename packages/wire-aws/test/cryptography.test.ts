import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type AwsTest, base64, openAws } from "./aws-client.ts";

describe("AWS KMS cryptographic operations", () => {
  let aws: AwsTest;
  let keyId: string;
  let arn: string;
  let materialId: string;

  before(async () => {
    aws = await openAws();
    const key = await aws.createKey();
    keyId = key.KeyId;
    arn = key.Arn;
    materialId = key.CurrentKeyMaterialId;
    await aws.call("CreateAlias", { AliasName: "alias/orders", TargetKeyId: keyId });
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  it("encrypts by id, ARN, alias and alias ARN, and decrypts without being told the key", async () => {
    for (const name of [keyId, arn, "alias/orders", "arn:aws:kms:us-east-1:000000000000:alias/orders"]) {
      const encrypted = await aws.call("Encrypt", { KeyId: name, Plaintext: base64("héllo") });
      assert.equal(encrypted.status, 200);
      assert.deepEqual(Object.keys(encrypted.json).sort(), ["CiphertextBlob", "EncryptionAlgorithm", "KeyId"]);
      assert.equal(encrypted.json["KeyId"], arn);
      assert.equal(encrypted.json["EncryptionAlgorithm"], "SYMMETRIC_DEFAULT");
      assert.deepEqual(await aws.ok("Decrypt", { CiphertextBlob: encrypted.json["CiphertextBlob"] }), {
        KeyId: arn,
        Plaintext: base64("héllo"),
        EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
        KeyMaterialId: materialId,
      });
    }
  });

  it("answers in the protocol of AWS KMS, uncacheable", async () => {
    const { headers } = await aws.call("Encrypt", { KeyId: keyId, Plaintext: base64("x") });
    assert.equal(headers["content-type"], "application/x-amz-json-1.1");
    assert.match(String(headers["cache-control"]), /no-store/);
  });

  it("takes 1 to 4096 bytes and nothing else", async () => {
    for (const length of [1, 4096]) await aws.encrypt(keyId, "x".repeat(length));
    await aws.fails(
      "Encrypt",
      { KeyId: keyId, Plaintext: base64("x".repeat(4097)) },
      {
        type: "ValidationException",
        message:
          "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096",
      },
    );
    await aws.fails(
      "Encrypt",
      { KeyId: keyId, Plaintext: "" },
      {
        type: "ValidationException",
        message:
          "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1",
      },
    );
  });

  it("binds the encryption context, whatever its order", async () => {
    const CiphertextBlob = await aws.encrypt(keyId, "x", { EncryptionContext: { a: "1", ["__proto__"]: "2", "": "" } });
    const same = `{"CiphertextBlob":"${CiphertextBlob}","EncryptionContext":{"":"","__proto__":"2","a":"1"}}`;
    assert.equal((await aws.post("TrentService.Decrypt", same)).json["Plaintext"], base64("x"));
    for (const EncryptionContext of [undefined, {}, { a: "1" }, { A: "1" }, { a: "2" }, { a: "1", b: "" }]) {
      await aws.fails("Decrypt", { CiphertextBlob, EncryptionContext }, { type: "InvalidCiphertextException" });
    }
  });

  it("takes an empty context for none, and a null value for no entry", async () => {
    const CiphertextBlob = await aws.encrypt(keyId, "x", { EncryptionContext: {} });
    for (const EncryptionContext of [undefined, null, {}, { a: null }]) {
      assert.equal((await aws.ok("Decrypt", { CiphertextBlob, EncryptionContext })).Plaintext, base64("x"));
    }
  });

  it("refuses a context of more than 8192 bytes", async () => {
    await aws.fails(
      "Encrypt",
      { KeyId: keyId, Plaintext: base64("x"), EncryptionContext: { a: "x".repeat(8192) } },
      {
        type: "ValidationException",
        message: /EncryptionContext is too large/,
      },
    );
  });

  it("answers every ciphertext that it did not make alike", async () => {
    const blob = Buffer.from(await aws.encrypt(keyId, "pay 100"), "base64");
    for (let bit = 0; bit < blob.length * 8; bit += 7) {
      const flipped = Buffer.from(blob);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const answer = await aws.call("Decrypt", { CiphertextBlob: flipped.toString("base64") });
      assert.equal(answer.status, 400);
      // A changed key id names a key that is not there, which AWS tells in other words.
      const type = bit >> 3 >= 7 && bit >> 3 < 23 ? "AccessDeniedException" : "InvalidCiphertextException";
      assert.equal(answer.json["__type"], type, `bit ${bit}`);
    }
    for (const other of ["AA==", base64("x".repeat(200)), blob.subarray(0, -1).toString("base64")]) {
      await aws.fails("Decrypt", { CiphertextBlob: other }, { type: "InvalidCiphertextException" });
    }
  });

  it("does not tell a key that a ciphertext names from one that is not there", async () => {
    const blob = Buffer.from(await aws.encrypt(keyId, "x"), "base64");
    blob.fill(7, 8, 20);
    await aws.fails(
      "Decrypt",
      { CiphertextBlob: blob.toString("base64") },
      {
        type: "AccessDeniedException",
        message:
          "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.",
      },
    );
  });

  it("refuses a ciphertext of another key than the one that is named", async () => {
    const other = await aws.createKey();
    const CiphertextBlob = await aws.encrypt(keyId, "x");
    await aws.fails(
      "Decrypt",
      { CiphertextBlob, KeyId: other.KeyId },
      {
        type: "IncorrectKeyException",
        message: "The key ID in the request does not identify a CMK that can perform this operation.",
      },
    );
    await aws.fails(
      "ReEncrypt",
      { CiphertextBlob, SourceKeyId: other.KeyId, DestinationKeyId: keyId },
      {
        type: "IncorrectKeyException",
        message: "The key ID in the request does not identify a CMK that can perform this operation.",
      },
    );
    assert.equal((await aws.ok("Decrypt", { CiphertextBlob, KeyId: "alias/orders" })).Plaintext, base64("x"));
  });

  it("refuses algorithms that a symmetric key does not have", async () => {
    const expected = {
      type: "InvalidKeyUsageException",
      message: "Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT.",
    };
    const CiphertextBlob = await aws.encrypt(keyId, "x", { EncryptionAlgorithm: "SYMMETRIC_DEFAULT" });
    const EncryptionAlgorithm = "RSAES_OAEP_SHA_256";
    await aws.fails("Encrypt", { KeyId: keyId, Plaintext: base64("x"), EncryptionAlgorithm }, expected);
    await aws.fails("Decrypt", { CiphertextBlob, EncryptionAlgorithm }, expected);
    const move = { CiphertextBlob, DestinationKeyId: keyId };
    await aws.fails("ReEncrypt", { ...move, SourceEncryptionAlgorithm: EncryptionAlgorithm }, expected);
    await aws.fails("ReEncrypt", { ...move, DestinationEncryptionAlgorithm: EncryptionAlgorithm }, expected);
  });

  it("needs a ciphertext, although the model calls it optional", async () => {
    const message =
      "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null";
    await aws.fails("Decrypt", {}, { type: "ValidationException", message });
    await aws.fails("ReEncrypt", { DestinationKeyId: keyId }, { type: "ValidationException", message });
  });

  it("re-encrypts to another key and another context", async () => {
    const other = await aws.createKey();
    const moved = await aws.ok("ReEncrypt", {
      CiphertextBlob: await aws.encrypt(keyId, "x", { EncryptionContext: { a: "1" } }),
      SourceEncryptionContext: { a: "1" },
      DestinationKeyId: other.KeyId,
      DestinationEncryptionContext: { b: "2" },
    });
    const { CiphertextBlob, ...rest } = moved;
    assert.deepEqual(rest, {
      SourceKeyId: arn,
      KeyId: other.Arn,
      SourceEncryptionAlgorithm: "SYMMETRIC_DEFAULT",
      DestinationEncryptionAlgorithm: "SYMMETRIC_DEFAULT",
      SourceKeyMaterialId: materialId,
      DestinationKeyMaterialId: other.CurrentKeyMaterialId,
    });
    const opened = await aws.ok("Decrypt", { CiphertextBlob, KeyId: other.Arn, EncryptionContext: { b: "2" } });
    assert.equal(opened.Plaintext, base64("x"));
  });

  it("generates data keys of both specs and any length up to 1024 bytes", async () => {
    const asked = [
      [{ KeySpec: "AES_256" }, 32],
      [{ KeySpec: "AES_128" }, 16],
      [{ NumberOfBytes: 1 }, 1],
      [{ NumberOfBytes: 1024 }, 1024],
    ] as const;
    for (const [size, bytes] of asked) {
      const input = { KeyId: keyId, EncryptionContext: { a: "1" }, ...size };
      const made = await aws.ok("GenerateDataKey", input);
      assert.deepEqual(Object.keys(made).sort(), ["CiphertextBlob", "KeyId", "KeyMaterialId", "Plaintext"]);
      assert.equal(Buffer.from(String(made.Plaintext), "base64").length, bytes);
      assert.deepEqual([made.KeyId, made.KeyMaterialId], [arn, materialId]);
      const opened = await aws.ok("Decrypt", { CiphertextBlob: made.CiphertextBlob, EncryptionContext: { a: "1" } });
      assert.equal(opened.Plaintext, made.Plaintext);

      const blind = await aws.ok("GenerateDataKeyWithoutPlaintext", input);
      assert.deepEqual(Object.keys(blind).sort(), ["CiphertextBlob", "KeyId", "KeyMaterialId"]);
      const later = await aws.ok("Decrypt", { CiphertextBlob: blind.CiphertextBlob, EncryptionContext: { a: "1" } });
      assert.equal(Buffer.from(String(later.Plaintext), "base64").length, bytes);
    }
  });

  it("wants exactly one of length and spec for a data key", async () => {
    for (const operation of ["GenerateDataKey", "GenerateDataKeyWithoutPlaintext"]) {
      for (const size of [{}, { KeySpec: "AES_256", NumberOfBytes: 32 }]) {
        await aws.fails(
          operation,
          { KeyId: keyId, ...size },
          {
            type: "ValidationException",
            message: "Please specify either number of bytes or key spec.",
          },
        );
      }
    }
  });

  it("generates random bytes", async () => {
    for (const NumberOfBytes of [1, 32, 1024]) {
      const { Plaintext } = await aws.ok("GenerateRandom", { NumberOfBytes });
      assert.equal(Buffer.from(String(Plaintext), "base64").length, NumberOfBytes);
    }
    const [one, two] = await Promise.all([1, 2].map(() => aws.ok("GenerateRandom", { NumberOfBytes: 32 })));
    assert.notEqual(one!.Plaintext, two!.Plaintext);
    await aws.fails("GenerateRandom", {}, { type: "ValidationException", message: "NumberOfBytes is required." });
    await aws.fails(
      "GenerateRandom",
      { NumberOfBytes: 1025 },
      {
        type: "ValidationException",
        message:
          "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024",
      },
    );
  });

  it("checks everything and does nothing in a dry run", async () => {
    const expected = {
      type: "DryRunOperationException",
      message: "The request would have succeeded, but the DryRun option is set.",
    };
    const CiphertextBlob = await aws.encrypt(keyId, "x");
    await aws.fails("Encrypt", { KeyId: keyId, Plaintext: base64("x"), DryRun: true }, expected);
    await aws.fails("Decrypt", { CiphertextBlob, DryRun: true }, expected);
    await aws.fails("GenerateDataKey", { KeyId: keyId, KeySpec: "AES_256", DryRun: true }, expected);
    await aws.fails("ReEncrypt", { CiphertextBlob, DestinationKeyId: keyId, DryRun: true }, expected);
    await aws.ok("Encrypt", { KeyId: keyId, Plaintext: base64("x"), DryRun: false });
    const missing = "00000000-0000-4000-8000-000000000000";
    await aws.fails(
      "Encrypt",
      { KeyId: missing, Plaintext: base64("x"), DryRun: true },
      {
        type: "NotFoundException",
        message: `Key 'arn:aws:kms:us-east-1:000000000000:key/${missing}' does not exist`,
      },
    );
  });

  it("refuses what this release does not have, by name", async () => {
    const unsupported: [string, Record<string, unknown>, RegExp][] = [
      ["GenerateRandom", { NumberOfBytes: 1, CustomKeyStoreId: "cks-1" }, /^CustomKeyStoreId /],
    ];
    for (const [operation, input, message] of unsupported) {
      await aws.fails(operation, input, { type: "UnsupportedOperationException", message });
    }
    await aws.fails(
      "Encrypt",
      { KeyId: keyId, Plaintext: base64("x"), GrantTokens: ["token"] },
      {
        type: "InvalidGrantTokenException",
        message: "The grant token is not valid.",
      },
    );
  });
});
