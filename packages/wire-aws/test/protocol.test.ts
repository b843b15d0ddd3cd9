import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { limits } from "@coffer/service";
import { type AwsTest, assertError, base64, openAws } from "./aws-client.ts";

describe("AWS JSON protocol", () => {
  let aws: AwsTest;

  before(async () => {
    aws = await openAws();
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  it("answers an unknown operation as AWS does", async () => {
    const targets = [
      undefined,
      "",
      "TrentService",
      "TrentService.",
      "TrentService.encrypt",
      "TrentService.Encrypt ",
      "trentservice.Encrypt",
      "Encrypt",
      "DynamoDB_20120810.ListTables",
      "TrentService.constructor",
      "TrentService.__proto__",
      "TrentService.toString",
      "__proto__",
      "constructor",
    ];
    for (const target of targets) {
      const answer = await aws.post(target, "{}");
      assert.deepEqual([answer.status, answer.text], [400, '{"__type":"UnknownOperationException"}'], String(target));
    }
    const headers = { "content-type": "text/plain" };
    const other = await aws.post("TrentService.Foo", "{}", { headers });
    assert.deepEqual([other.status, other.text], [404, "<UnknownOperationException/>\n"]);
  });

  it("answers other methods at its address as an unknown operation", async () => {
    for (const method of ["PUT", "DELETE", "OPTIONS", "PATCH"]) {
      const headers = new Map([["x-amz-target", "TrentService.ListKeys"]]);
      assert.equal((await aws.send({ method, headers })).status, 404, method);
    }
  });

  it("does not mind the content type of a known operation", async () => {
    for (const type of [
      "application/x-amz-json-1.1; charset=utf-8",
      "application/json",
      "application/x-www-form-urlencoded",
    ]) {
      const answer = await aws.post("TrentService.ListKeys", "{}", { headers: { "content-type": type } });
      assert.deepEqual([answer.status, answer.headers["content-type"]], [200, "application/x-amz-json-1.1"]);
    }
  });

  it("refuses CBOR bodies by name, before they are read", async () => {
    const map = Buffer.from("a0", "hex");
    for (const type of ["application/cbor", "application/x-amz-cbor-1.1", "Application/CBOR; charset=utf-8"]) {
      for (const body of [map, "{}"]) {
        const answer = await aws.post("TrentService.ListKeys", body, { headers: { "content-type": type } });
        const message =
          "The request body is CBOR; AWS KMS has JSON alone. Send Content-Type application/x-amz-json-1.1.";
        assertError(answer, { type: "SerializationException", message });
        assert.equal(answer.headers["content-type"], "application/x-amz-json-1.1");
      }
    }
  });

  it("refuses bodies that are not a JSON object", async () => {
    const cases: [string | Uint8Array, RegExp][] = [
      ["", /not valid JSON \(character 0\)/],
      ["{", /not valid JSON/],
      ["{}x", /not valid JSON/],
      ["{'KeyId':'x'}", /not valid JSON/],
      ['{"KeyId":"x",}', /not valid JSON/],
      ["null", /not a JSON object/],
      ["true", /not a JSON object/],
      ['"x"', /not a JSON object/],
      ["1", /not a JSON object/],
      ["[]", /^Start of list found where not expected$/],
      [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), /not valid UTF-8/],
      ['{"KeyId":"a","KeyId":"b"}', /names a member twice/],
      ['{"KeyId":"a","\\u004beyId":"b"}', /names a member twice/],
      ['{"EncryptionContext":{"a":"1","a":"2"}}', /names a member twice/],
    ];
    for (const [body, message] of cases) {
      assertError(await aws.post("TrentService.DescribeKey", body), { type: "SerializationException", message });
    }
  });

  it("limits how deep a body nests", async () => {
    const nested = (levels: number) => `{"a":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
    const max = limits.jsonDepth.value;
    assert.equal((await aws.post("TrentService.ListKeys", nested(max))).status, 200);
    assertError(await aws.post("TrentService.ListKeys", nested(max + 1)), {
      type: "SerializationException",
      message: /nests more than 32 levels/,
    });
    assert.equal((await aws.post("TrentService.ListKeys", nested(100_000))).status, 400);
  });

  it("ignores unknown members, and takes null for absent", async () => {
    const answer = await aws.call("ListKeys", {
      Nobody: { knows: ["this"] },
      Limit: null,
      __proto__: 1,
      constructor: 2,
    });
    assert.equal(answer.status, 200);
    const own = await aws.post("TrentService.ListKeys", '{"__proto__":{"Limit":"x"},"constructor":{}}');
    assert.equal(own.status, 200);
  });

  it("refuses values of the wrong type before it looks at constraints", async () => {
    const cases: [string, Record<string, unknown>, string][] = [
      ["DescribeKey", { KeyId: 5 }, "NUMBER_VALUE can not be converted to a String"],
      ["DescribeKey", { KeyId: true }, "TRUE_VALUE can not be converted to a String"],
      ["DescribeKey", { KeyId: ["x"] }, "Start of list found where not expected"],
      ["DescribeKey", { KeyId: {} }, "Start of structure or map found where not expected."],
      ["ListKeys", { Limit: "1" }, "STRING_VALUE can not be converted to an Integer"],
      ["ListKeys", { Limit: false }, "FALSE_VALUE can not be converted to an Integer"],
      ["ListKeys", { Limit: "1", Marker: "" }, "STRING_VALUE can not be converted to an Integer"],
      ["CreateKey", { MultiRegion: "true" }, "STRING_VALUE can not be converted to a Boolean"],
      ["CreateKey", { Tags: "x" }, "Expected list or null"],
      ["CreateKey", { Tags: {} }, "Start of structure or map found where not expected."],
      ["CreateKey", { Tags: ["x"] }, "Expected null"],
      ["CreateKey", { Tags: [[]] }, "Start of list found where not expected"],
      ["Encrypt", { EncryptionContext: "x" }, "Expected map or null"],
      ["Encrypt", { EncryptionContext: [] }, "Start of list found where not expected"],
      ["Encrypt", { EncryptionContext: { a: 1 } }, "NUMBER_VALUE can not be converted to a String"],
      ["Encrypt", { EncryptionContext: { a: {} } }, "Start of structure or map found where not expected."],
      ["Encrypt", { Plaintext: 7 }, "NUMBER_VALUE can not be converted to a Blob"],
      ["Encrypt", { Plaintext: { type: "Buffer", data: [1] } }, "Start of structure or map found where not expected."],
    ];
    for (const [operation, input, message] of cases) {
      await aws.fails(operation, input, { type: "SerializationException", message });
    }
  });

  it("takes strict base64 only, and never repeats it", async () => {
    const { KeyId } = await aws.createKey();
    const cases: [string, string][] = [
      ["secre", "Base64 encoded length is expected a multiple of 4 bytes but found: 5"],
      ["c2Vj cmV0", "Base64 encoded length is expected a multiple of 4 bytes but found: 9"],
      ["sec-et__", "Invalid Base64 character"],
      ["c2Vjc=V0", "Invalid Base64 character"],
      ["====", "Invalid Base64 character"],
      ["c2VjcmV=", "Invalid last non-pad Base64 character detected"],
    ];
    for (const [Plaintext, message] of cases) {
      await aws.fails(
        "Encrypt",
        { KeyId, Plaintext },
        {
          type: "SerializationException",
          message: `STRING_VALUE can not be converted to a Blob: ${message}`,
        },
      );
    }
  });

  it("refuses strings that are not Unicode", async () => {
    const message = "A string is not valid Unicode: it has a lone surrogate";
    for (const body of [
      '{"KeyId":"\\ud800"}',
      '{"KeyId":"x","Plaintext":"eA==","EncryptionContext":{"\\udc00":"a"}}',
      '{"KeyId":"x","Plaintext":"eA==","EncryptionContext":{"a":"\\ud83d"}}',
    ]) {
      assertError(await aws.post("TrentService.Encrypt", body), { type: "SerializationException", message });
    }
    const { KeyId } = await aws.createKey({ Description: "\u{1f512}" });
    assert.equal((await aws.ok("DescribeKey", { KeyId })).KeyMetadata?.Description, "\u{1f512}");
  });

  it("shows who opens its address in a browser what it is", async () => {
    const answer = await aws.send({ method: "GET", headers: new Map() });
    assert.deepEqual([answer.status, answer.headers["content-type"]], [200, "text/plain; charset=utf-8"]);
    assert.match(answer.text, /AWS KMS API/);
  });

  it("tells several violations in one answer", async () => {
    await aws.fails(
      "Encrypt",
      {},
      {
        type: "ValidationException",
        message:
          "2 validation errors detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null; Value at 'plaintext' failed to satisfy constraint: Member must not be null",
      },
    );
    await aws.fails(
      "GenerateDataKey",
      { KeyId: "", KeySpec: "AES_512", NumberOfBytes: 0 },
      {
        type: "ValidationException",
        message:
          "3 validation errors detected: Value '' at 'keyId' failed to satisfy constraint: Member must have length greater than or equal to 1; Value '0' at 'numberOfBytes' failed to satisfy constraint: Member must have value greater than or equal to 1; Value 'AES_512' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [AES_256, AES_128]",
      },
    );
  });

  it("does not look at a key before the request is valid", async () => {
    await aws.fails(
      "Encrypt",
      { KeyId: "nothing", Plaintext: base64("x"), EncryptionAlgorithm: "ROT13" },
      {
        type: "ValidationException",
        message: /^1 validation error detected: Value 'ROT13' at 'encryptionAlgorithm' failed/,
      },
    );
  });
});
