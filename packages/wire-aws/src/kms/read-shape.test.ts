import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ServiceError } from "@coffer/service";
import fc from "fast-check";
import { awsLimits } from "../limits.ts";
import { base64Problem, decodeBase64 } from "./base64.ts";
import { inputReader } from "./read-shape.ts";

function problemOf(shape: string, body: unknown): string {
  try {
    inputReader(shape)(body);
  } catch (error) {
    if (error instanceof ServiceError && error.detail.code === "InvalidInput") return error.detail.params.reason;
    throw error;
  }
  return "none";
}

describe("input by the model's shapes", () => {
  it("gives bytes for blobs, whole numbers for integers, and no unknown member", () => {
    const read = inputReader<Record<string, unknown>>("GenerateDataKeyRequest");
    assert.deepEqual(read({ KeyId: "x", NumberOfBytes: 32.9, KeySpec: null, Other: 1 }), {
      KeyId: "x",
      NumberOfBytes: 32,
    });
    const encrypt = inputReader<{ readonly Plaintext: Buffer }>("EncryptRequest");
    assert.deepEqual(encrypt({ KeyId: "x", Plaintext: "aGk=" }).Plaintext, Buffer.from("hi"));
  });

  it("clamps integers to 32 bits, as AWS does", () => {
    for (const [sent, shown] of [
      [1e12, "2147483647"],
      [-1e12, "-2147483648"],
      [Number.POSITIVE_INFINITY, "2147483647"],
      [-0.5, "0"],
    ] as const) {
      assert.ok(
        problemOf("ListKeysRequest", { Limit: sent }).startsWith(
          `1 validation error detected: Value '${shown}' at 'limit'`,
        ),
      );
    }
  });

  it("shows the size of bytes that are not secret, and nothing of those that are", () => {
    assert.equal(
      problemOf("DecryptRequest", { CiphertextBlob: Buffer.alloc(6145).toString("base64") }),
      "1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=6145 cap=6145]' at 'ciphertextBlob' failed to satisfy constraint: Member must have length less than or equal to 6144",
    );
    assert.equal(
      problemOf("EncryptRequest", { KeyId: "x", Plaintext: "" }),
      "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1",
    );
  });

  it("tells of bad elements of a list at the list", () => {
    assert.equal(
      problemOf("UntagResourceRequest", { KeyId: "x", TagKeys: ["a", ""] }),
      "1 validation error detected: Value '[a, ]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1]",
    );
    assert.equal(
      problemOf("ListKeysRequest", { ResourceOwners: ["ME"] }),
      "1 validation error detected: Value '[ME]' at 'resourceOwners' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [SELF, OTHER_ACCOUNTS_VIA_RAM]]",
    );
    assert.equal(
      problemOf("ListKeysRequest", { ResourceOwners: [] }),
      "1 validation error detected: Value '[]' at 'resourceOwners' failed to satisfy constraint: Member must have length greater than or equal to 1",
    );
  });

  it("never repeats a grant token", () => {
    const reason = problemOf("DescribeKeyRequest", { KeyId: "x", GrantTokens: Array(11).fill("hush") });
    assert.equal(
      reason,
      "1 validation error detected: Value at 'grantTokens' failed to satisfy constraint: Member must have length less than or equal to 10",
    );
    assert.ok(!problemOf("DescribeKeyRequest", { KeyId: "x", GrantTokens: ["hush", ""] }).includes("hush"));
  });

  it("skips null elements and entries", () => {
    const read = inputReader<Record<string, unknown>>("UntagResourceRequest");
    assert.deepEqual(read({ KeyId: "x", TagKeys: [null, "a", null] })["TagKeys"], ["a"]);
    const context = inputReader<{ EncryptionContext: object }>("DecryptRequest")({
      EncryptionContext: { a: null, b: "1" },
    });
    assert.deepEqual({ ...context.EncryptionContext }, { b: "1" });
  });

  it("reads nested structures", () => {
    assert.equal(
      problemOf("DecryptRequest", { Recipient: { KeyEncryptionAlgorithm: "NONE" } }),
      "1 validation error detected: Value 'NONE' at 'recipient.keyEncryptionAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [RSAES_OAEP_SHA_256]",
    );
    assert.equal(
      problemOf("ImportKeyMaterialRequest", { ValidTo: "now" }),
      "STRING_VALUE can not be converted to milliseconds since epoch",
    );
  });

  it("limits how much it repeats and how much it tells", () => {
    const { echoedChars, validationErrors } = awsLimits;
    const description = "x".repeat(10_000);
    const reason = problemOf("CreateKeyRequest", { Description: description });
    assert.ok(reason.includes(`Value '${"x".repeat(echoedChars.value)}...' at 'description'`));
    assert.ok(!reason.includes("x".repeat(echoedChars.value + 1)));
    const Tags = Array(50).fill({ TagKey: "", TagValue: "v" });
    const many = problemOf("CreateKeyRequest", { Tags });
    assert.ok(many.startsWith(`${validationErrors.value} validation errors detected: `));
    assert.equal(many.split("; ").length, validationErrors.value);
  });
});

describe("base64", () => {
  it("takes exactly what it would write itself", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const text = Buffer.from(bytes).toString("base64");
        assert.deepEqual(new Uint8Array(decodeBase64(text)!), bytes);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."AQgw+/=-_ \n"), maxLength: 12 }), (text) => {
        const bytes = decodeBase64(text);
        assert.ok(bytes === undefined || bytes.toString("base64") === text);
        if (bytes === undefined) assert.ok(base64Problem(text).length > 0);
      }),
    );
  });

  it("refuses other alphabets, spaces, missing padding and spare bits", () => {
    for (const text of [
      "QQ",
      "QQ=",
      "QR==",
      "Q-==",
      "Q_==",
      "QQ==\n",
      " QQ=",
      "QQ==QQ==",
      "====",
      "A===",
      "QUJD\u0100QUJ",
    ]) {
      assert.equal(decodeBase64(text), undefined, text);
    }
  });
});
