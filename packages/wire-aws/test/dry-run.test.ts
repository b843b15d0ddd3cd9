import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { SigningCredentials } from "@coffer/sigv4";
import type { OperationName } from "../src/kms/codec.ts";
import { operations, shapes } from "../src/kms/generated/model.ts";
import type { Shape } from "../src/kms/model-shape.ts";
import { kmsTargets } from "../src/kms/operations.ts";
import { type AwsTest, base64, type Json, openAws } from "./aws-client.ts";
import { keyRequests, requestOf } from "./key-requests.ts";

/** Every operation of the model that has the member. */
const withDryRun = (Object.keys(operations) as OperationName[]).filter((name) => {
  const input: Shape = shapes[operations[name].input];
  return input.type === "structure" && "DryRun" in input.members;
});
const succeeded = {
  type: "DryRunOperationException",
  message: "The request would have succeeded, but the DryRun option is set.",
};

describe("DryRun", () => {
  let aws: AwsTest;
  let nobody: SigningCredentials;

  before(async () => {
    aws = await openAws();
    nobody = await aws.createUser("nobody", { Effect: "Allow", Action: "kms:ListKeys", Resource: "*" });
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  /** Everything that a request about a key could have changed. */
  async function stateOf(KeyId: string): Promise<unknown> {
    const listed = await aws.call("ListGrants", { KeyId });
    return [await aws.ok("DescribeKey", { KeyId }), await aws.ok("GetKeyLastUsage", { KeyId }), listed.json];
  }

  assert.equal(withDryRun.length, 17);
  for (const name of withDryRun) {
    const row = kmsTargets.get(`TrentService.${name}`)!;
    const skip = "absent" in row ? `no ${row.absent}` : false;
    it(`${name}: the answer of the real call, and nothing happens`, { skip }, async () => {
      const keyRequest = keyRequests.get(name)!;
      const { KeyId, Arn } = await aws.createKey(keyRequest.key);
      const input = await requestOf(aws, keyRequest, { KeyId, Arn, hasMaterial: true, isExternal: false });
      const before = await stateOf(KeyId);
      await aws.fails(name, { ...input, DryRun: true }, succeeded);
      const denied = await aws.call(name, input, { as: nobody });
      assert.equal(denied.json.__type, "AccessDeniedException", denied.text);
      const dry = await aws.call(name, { ...input, DryRun: true }, { as: nobody });
      assert.deepEqual([dry.status, dry.json], [denied.status, denied.json]);
      assert.deepEqual(await stateOf(KeyId), before);
      await aws.ok(name, { ...input, DryRun: false });
    });
  }

  it("refuses what the real call would refuse", async () => {
    const { KeyId } = await aws.createKey();
    const CiphertextBlob = await aws.encrypt(KeyId, "x", { EncryptionContext: { a: "b" } });
    const wrong = { CiphertextBlob, DryRun: true };
    await aws.fails("Decrypt", wrong, { type: "InvalidCiphertextException" });
    await aws.fails("ReEncrypt", { ...wrong, DestinationKeyId: KeyId }, { type: "InvalidCiphertextException" });
    const mac = await aws.createKey({ KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" });
    const verify = { KeyId: mac.KeyId, Message: base64("x"), MacAlgorithm: "HMAC_SHA_256", Mac: base64("x") };
    await aws.fails("VerifyMac", { ...verify, DryRun: true }, { type: "KMSInvalidMacException" });
  });

  describe("IGNORE_CIPHERTEXT", () => {
    const modifiers = { DryRun: true, DryRunModifiers: ["IGNORE_CIPHERTEXT"] };
    const requests = (KeyId: string): readonly (readonly [OperationName, Json])[] => [
      ["Decrypt", { KeyId }],
      ["ReEncrypt", { SourceKeyId: KeyId, DestinationKeyId: KeyId }],
    ];

    it("asks for the permission alone, with and without a ciphertext", async () => {
      const { KeyId } = await aws.createKey();
      for (const [name, input] of requests(KeyId)) {
        await aws.fails(name, { ...input, ...modifiers }, succeeded);
        await aws.fails(name, { ...input, ...modifiers, CiphertextBlob: base64("no ciphertext") }, succeeded);
        const { json } = await aws.call(name, { ...input, ...modifiers }, { as: nobody });
        assert.equal(json.__type, "AccessDeniedException");
      }
      await aws.ok("DisableKey", { KeyId });
      for (const [name, input] of requests(KeyId)) {
        const disabled = { type: "DisabledException", message: /is disabled\.$/ };
        await aws.fails(name, { ...input, ...modifiers }, disabled);
      }
    });

    it("needs the key, and means nothing without DryRun", async () => {
      const { KeyId } = await aws.createKey();
      const CiphertextBlob = base64("no ciphertext");
      const missing = (member: string) => ({
        type: "ValidationException",
        message: `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
      });
      await aws.fails("Decrypt", { CiphertextBlob, ...modifiers }, missing("keyId"));
      await aws.fails("ReEncrypt", { CiphertextBlob, DestinationKeyId: KeyId, ...modifiers }, missing("sourceKeyId"));
      for (const [name, input] of requests(KeyId)) {
        await aws.fails(name, { ...input, ...modifiers, DryRun: false }, missing("ciphertextBlob"));
        await aws.fails(
          name,
          { ...input, ...modifiers, DryRun: false, CiphertextBlob },
          { type: "InvalidCiphertextException" },
        );
      }
    });

    it("conditions on the encryption context hold", async () => {
      const { KeyId } = await aws.createKey();
      const user = await aws.createUser("context", {
        Effect: "Allow",
        Action: "kms:Decrypt",
        Resource: "*",
        Condition: { StringEquals: { "kms:EncryptionContext:a": "b" } },
      });
      await aws.fails("Decrypt", { KeyId, EncryptionContext: { a: "b" }, ...modifiers }, succeeded, { as: user });
      const { json } = await aws.call("Decrypt", { KeyId, EncryptionContext: { a: "c" }, ...modifiers }, { as: user });
      assert.equal(json.__type, "AccessDeniedException");
    });
  });
});
