import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { deleteAccessKey, execute, type WireRequest } from "@coffer/service";
import { presignRequest } from "@coffer/sigv4";
import { awsLimits } from "../src/limits.ts";
import { type AwsTest, assertError, base64, type CallOptions, openAws } from "./aws-client.ts";

const mismatch =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
const unknownClient = {
  type: "UnrecognizedClientException",
  message: "The security token included in the request is invalid.",
};
const minute = 60_000;

function withHeader(name: string, value: string | undefined): Required<Pick<CallOptions, "tamper">> {
  return {
    tamper(request: WireRequest) {
      const headers = new Map(request.headers);
      if (value === undefined) headers.delete(name);
      else headers.set(name, value);
      return { ...request, headers };
    },
  };
}

describe("authentication of AWS KMS", () => {
  let aws: AwsTest;

  before(async () => {
    aws = await openAws();
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  it("refuses a request without a signature", async () => {
    for (const authorization of [undefined, "", "Bearer token", "Basic eDp5"]) {
      await aws.fails(
        "ListKeys",
        {},
        {
          type: "MissingAuthenticationTokenException",
          message: "Missing Authentication Token",
        },
        withHeader("authorization", authorization),
      );
    }
  });

  it("refuses an incomplete or foreign signature", async () => {
    const cases: [string, RegExp][] = [
      ["AWS4-HMAC-SHA256 Credential=a/b/c", /requires 'Signature' parameter/],
      ["AWS4-HMAC-SHA256", /requires 'Credential' parameter/],
      [
        "AWS4-ECDSA-P256-SHA256 Credential=a/20260101/kms/aws4_request, SignedHeaders=host, Signature=aa",
        /'algorithm'/,
      ],
    ];
    for (const [authorization, message] of cases) {
      await aws.fails(
        "ListKeys",
        {},
        { type: "IncompleteSignatureException", message },
        withHeader("authorization", authorization),
      );
    }
  });

  it("refuses an unknown access key, and a secret that is not its own", async () => {
    const stranger = { accessKeyId: "AKIAUNKNOWNUNKNOWNUN", secretAccessKey: aws.root.secretAccessKey };
    await aws.fails("ListKeys", {}, unknownClient, { as: stranger });
    const impostor = { accessKeyId: aws.root.accessKeyId, secretAccessKey: "x".repeat(40) };
    await aws.fails("ListKeys", {}, { type: "InvalidSignatureException", message: mismatch }, { as: impostor });
  });

  it("refuses an access key at once when it was deleted", async () => {
    const user = await aws.createUser("leaver", { Effect: "Allow", Action: "kms:ListKeys", Resource: "*" });
    assert.equal((await aws.call("ListKeys", {}, { as: user })).status, 200);
    await execute(aws.test.core, deleteAccessKey, { accessKeyId: user.accessKeyId }, aws.test.request());
    await aws.fails("ListKeys", {}, unknownClient, { as: user });
  });

  it("refuses a request that was changed after it was signed", async () => {
    const refused = { type: "InvalidSignatureException", message: mismatch };
    const key = await aws.createKey();
    const changed: ((request: WireRequest) => WireRequest)[] = [
      (request) => ({ ...request, body: Buffer.from(request.body).fill("y", 40, 41) }),
      (request) => ({ ...request, path: "/x" }),
      (request) => ({ ...request, query: "a=b" }),
      (request) => ({ ...request, headers: new Map([...request.headers, ["host", "elsewhere"]]) }),
      (request) => ({
        ...request,
        headers: new Map([...request.headers, ["x-amz-target", "TrentService.DisableKey"]]),
      }),
    ];
    for (const tamper of changed) {
      await aws.fails("DescribeKey", { KeyId: key.KeyId }, refused, { tamper });
    }
    assert.equal((await aws.ok("DescribeKey", { KeyId: key.KeyId })).KeyMetadata?.Enabled, true);
  });

  it("refuses headers of AWS that are not signed", async () => {
    const message = "There were headers present in the request which were not signed";
    await aws.fails("ListKeys", {}, { type: "InvalidSignatureException", message }, withHeader("x-amz-other", "1"));
  });

  it("takes clocks that are off by up to five minutes", async () => {
    const nowMs = aws.test.clock.nowMs();
    const skew = awsLimits.kmsClockSkewMs.value;
    assert.equal(skew, 5 * minute);
    for (const timestampMs of [nowMs - skew, nowMs + skew]) {
      assert.equal((await aws.call("ListKeys", {}, { scope: { timestampMs } })).status, 200);
    }
    await aws.fails(
      "ListKeys",
      {},
      {
        type: "InvalidSignatureException",
        message: "Signature expired: 20251231T235459Z is now earlier than 20251231T235500Z (20260101T000000Z - 5 min.)",
      },
      { scope: { timestampMs: nowMs - skew - 1000 } },
    );
    await aws.fails(
      "ListKeys",
      {},
      {
        type: "InvalidSignatureException",
        message:
          "Signature not yet current: 20260101T000501Z is still later than 20260101T000500Z (20260101T000000Z + 5 min.)",
      },
      { scope: { timestampMs: nowMs + skew + 1000 } },
    );
  });

  it("refuses a signature for another service", async () => {
    await aws.fails(
      "ListKeys",
      {},
      {
        type: "InvalidSignatureException",
        message: "Credential should be scoped to correct service: 'kms'.",
      },
      { scope: { service: "sts" } },
    );
  });

  it("acts in the region of the signature, which must look like one", async () => {
    for (const region of ["us-east-1", "us-gov-west-1", "ap-southeast-2", "cn-north-1"]) {
      const { Arn } = await aws.createKey({}, { scope: { region } });
      assert.ok(Arn.startsWith(`arn:aws:kms:${region}:000000000000:key/`));
    }
    for (const region of [
      "local",
      "useast1",
      "us-east",
      "us-east-11",
      "u-s-1",
      "us--1",
      "1s-east-1",
      `us-${"a".repeat(40)}-1`,
    ]) {
      await aws.fails(
        "ListKeys",
        {},
        {
          type: "InvalidSignatureException",
          message: "Credential should be scoped to a valid region.",
        },
        { scope: { region } },
      );
    }
    const longest = `us-${"a".repeat(awsLimits.regionChars.value - 5)}-1`;
    assert.equal((await aws.call("ListKeys", {}, { scope: { region: longest } })).status, 200);
  });

  it("refuses session tokens alike, whether the access key exists or not", async () => {
    await aws.fails("ListKeys", {}, unknownClient, { as: { ...aws.root, sessionToken: "made-up" } });
    const stranger = { accessKeyId: "AKIAUNKNOWNUNKNOWNUN", secretAccessKey: "x", sessionToken: "made-up" };
    await aws.fails("ListKeys", {}, unknownClient, { as: stranger });
  });

  it("takes a presigned request", async () => {
    const headers = new Map([
      ["host", "localhost:8080"],
      ["content-type", "application/x-amz-json-1.1"],
      ["x-amz-target", "TrentService.ListKeys"],
    ]);
    const request = { method: "POST", path: "/", query: "", headers, body: Buffer.from("{}") };
    const query = presignRequest(request, aws.root, aws.scope(), 60);
    assert.equal((await aws.send({ ...request, query })).status, 200);
    aws.test.clock.advance(61_000);
    assertError(await aws.send({ ...request, query }), {
      type: "InvalidSignatureException",
      message: /^Signature expired/,
    });
  });

  it("takes a presigned request no longer than a signed one, whatever it asks for", async () => {
    const headers = new Map([
      ["host", "localhost:8080"],
      ["x-amz-target", "TrentService.ListKeys"],
    ]);
    const request = { method: "POST", path: "/", query: "", headers, body: Buffer.from("{}") };
    const query = presignRequest(request, aws.root, aws.scope(), 604_800);
    aws.test.clock.advance(awsLimits.kmsClockSkewMs.value);
    assert.equal((await aws.send({ ...request, query })).status, 200);
    aws.test.clock.advance(1_000);
    assertError(await aws.send({ ...request, query }), {
      type: "InvalidSignatureException",
      message: /^Signature expired/,
    });
  });
});

describe("authentication of AWS KMS in dev mode", () => {
  let aws: AwsTest;
  const anybody = { accessKeyId: "test", secretAccessKey: "test" };

  before(async () => {
    aws = await openAws({ dev: true });
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  it("takes any credentials as the account root, in the region of the signature", async () => {
    const { Arn } = await aws.createKey({}, { as: anybody, scope: { region: "eu-central-1" } });
    assert.match(Arn, /^arn:aws:kms:eu-central-1:000000000000:key\//);
    const session = { ...anybody, sessionToken: "anything" };
    assert.equal((await aws.call("ListKeys", {}, { as: session })).status, 200);
  });

  it("takes an access key id of twelve digits for an account", async () => {
    const { Arn } = await aws.createKey({}, { as: { accessKeyId: "123456789012", secretAccessKey: "x" } });
    assert.match(Arn, /^arn:aws:kms:us-east-1:123456789012:key\//);
  });

  it("takes a request without a signature, in the home region", async () => {
    const answer = await aws.call("CreateKey", {}, withHeader("authorization", undefined));
    assert.match(answer.text, /"Arn":"arn:aws:kms:us-east-1:000000000000:key\//);
  });

  it("verifies the access keys that it made", async () => {
    assert.equal((await aws.call("ListKeys", {})).status, 200);
    const impostor = { accessKeyId: aws.root.accessKeyId, secretAccessKey: "x" };
    await aws.fails("ListKeys", {}, { type: "InvalidSignatureException", message: mismatch }, { as: impostor });
  });

  it("still wants a signature that can be read when there is one, and a region", async () => {
    for (const authorization of ["Bearer token", ""]) {
      await aws.fails(
        "ListKeys",
        {},
        {
          type: "MissingAuthenticationTokenException",
          message: "Missing Authentication Token",
        },
        withHeader("authorization", authorization),
      );
    }
    await aws.fails(
      "ListKeys",
      {},
      { type: "IncompleteSignatureException", message: /requires/ },
      withHeader("authorization", "AWS4-HMAC-SHA256 Credential=x"),
    );
    await aws.fails(
      "ListKeys",
      {},
      {
        type: "InvalidSignatureException",
        message: "Credential should be scoped to a valid region.",
      },
      { as: anybody, scope: { region: "local" } },
    );
  });

  it("encrypts and decrypts for anybody", async () => {
    const { KeyId } = await aws.createKey({}, { as: anybody });
    const input = { KeyId, Plaintext: base64("x") };
    const { CiphertextBlob } = await aws.ok("Encrypt", input, { as: anybody });
    assert.equal((await aws.ok("Decrypt", { CiphertextBlob }, { as: anybody })).Plaintext, base64("x"));
  });
});
