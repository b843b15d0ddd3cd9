import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import fc from "fast-check";
import { operations, shapes } from "../src/kms/generated/model.ts";
import type { Shape } from "../src/kms/model-shape.ts";
import { kmsTargets } from "../src/kms/operations.ts";
import { type AwsAnswer, type AwsTest, base64, type Json, openAws } from "./aws-client.ts";
import { examples } from "./fuzz-examples.ts";

/** The errors that every operation may answer (AWS KMS API Reference: Common Errors). */
const commonErrors = ["AccessDeniedException", "SerializationException", "ValidationException"];
const shapesByName: ReadonlyMap<string, Shape> = new Map(Object.entries(shapes));
/** How seldom a member of a shape is left out, out of 20 and this. */
const wanted: ReadonlyMap<string, number> = new Map([
  ["CiphertextType", 1],
  ["DataKeySpec", 20],
  ["NumberOfBytesType", 20],
  ["PrincipalIdType", 3],
  ["GrantTokenType", 3],
]);
const operationNames = Object.keys(operations) as (keyof typeof operations)[];
const built = operationNames.filter((name) => {
  const row = kmsTargets.get(`TrentService.${name}`);
  return row !== undefined && !("absent" in row);
});

describe("AWS KMS, asked anything that the model allows and much that it does not", () => {
  let aws: AwsTest;
  const pools = new Map<string, fc.Arbitrary<unknown>>();

  before(async () => {
    aws = await openAws();
  });
  beforeEach(refill);
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  /** New keys for every test: the one before may have disabled or scheduled all of them. */
  async function refill(): Promise<void> {
    const keys = await Promise.all([1, 2, 3].map(() => aws.createKey()));
    const [first, second] = keys;
    const alias = `alias/${first!.KeyId}`;
    await aws.call("CreateAlias", { AliasName: alias, TargetKeyId: first!.KeyId });
    const { NextMarker } = await aws.ok("ListKeys", { Limit: 1 });
    const { Policy } = await aws.ok("GetKeyPolicy", { KeyId: first!.KeyId });
    const ciphertexts = await Promise.all(keys.map(({ KeyId }) => aws.encrypt(KeyId, "x")));
    const names = keys.flatMap(({ KeyId, Arn }) => [KeyId, Arn]);
    const odd = [alias, "alias/none", first!.Arn.replace(/key.*/, alias), "arn:aws:s3:::b", "arn:", "x", "__proto__"];
    const elsewhere = second!.Arn.replace("us-east-1", "eu-west-1");
    const foreign = second!.Arn.replace("000000000000", "111111111111");
    pools.set("KeyIdType", fc.constantFrom(...names, ...names, ...names, ...odd, elsewhere, foreign));
    pools.set(
      "AliasNameType",
      fc.constantFrom(alias, alias, "alias/new", "alias/aws/s3", "alias/", "alias/a:b", "none"),
    );
    pools.set("CiphertextType", fc.constantFrom(...ciphertexts, "AA=="));
    pools.set("PolicyType", fc.constantFrom(String(Policy), String(Policy), "{}", "[]", "x"));
    pools.set("PolicyNameType", fc.constantFrom("default", "other"));
    pools.set("MarkerType", fc.constantFrom(String(NextMarker), "x.y", "."));
    const root = "arn:aws:iam::000000000000:root";
    const toRoot = { KeyId: first!.KeyId, GranteePrincipal: root, Operations: ["Encrypt"] };
    const grants = await Promise.all(Array.from({ length: 30 }, () => aws.ok("CreateGrant", toRoot)));
    pools.set("GrantIdType", fc.constantFrom(...grants.map(({ GrantId }) => String(GrantId)), "x"));
    pools.set("GrantTokenType", fc.constantFrom(...grants.map(({ GrantToken }) => String(GrantToken)), "x"));
    pools.set("GrantOperation", fc.constantFrom("Encrypt", "Decrypt", "DescribeKey", "CreateGrant", "Sign", "NONE"));
    pools.set("PrincipalIdType", fc.constantFrom(root, root, root, "arn:aws:iam::111111111111:root", "x"));
    pools.set("DataKeySpec", fc.constantFrom("AES_256", "AES_128"));
  }

  function likely(name: string): fc.Arbitrary<unknown> {
    const shape = shapesByName.get(name)!;
    const plain = pools.get(name) ?? ofShape(shape);
    return fc.oneof({ weight: 14, arbitrary: plain }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) });
  }

  function ofShape(shape: Shape): fc.Arbitrary<unknown> {
    const bounds = shape as { readonly min?: number; readonly max?: number };
    const min = bounds.min ?? 0;
    const max = Math.min(bounds.max ?? 40, min + 40);
    if (shape.type === "string" && shape.enum !== undefined)
      return fc.constantFrom(...shape.enum, ...shape.enum, "NONE");
    if (shape.type === "string")
      return fc.string({ unit: "binary", minLength: Math.max(0, min - 1), maxLength: max + 1 });
    if (shape.type === "blob") {
      return fc.uint8Array({ minLength: min, maxLength: max }).map((bytes) => Buffer.from(bytes).toString("base64"));
    }
    if (shape.type === "integer")
      return fc.oneof(fc.integer({ min: min - 1, max: (bounds.max ?? 1) + 1 }), fc.double());
    if (shape.type === "timestamp") return fc.integer();
    if (shape.type === "boolean") return fc.boolean();
    if (shape.type === "list") return fc.array(likely(shape.member), { maxLength: 4 });
    if (shape.type === "map") return fc.dictionary(fc.string({ unit: "binary" }), likely(shape.value), { maxKeys: 3 });
    return structure(shape);
  }

  /** Required members nearly always, the others sometimes; those in `wanted` are required or half of a choice. */
  function structure(shape: Extract<Shape, { readonly type: "structure" }>): fc.Arbitrary<Json> {
    const members = Object.entries(shape.members).map(([name, target]) => {
      const skip = shape.required.includes(name) ? 1 : (wanted.get(target) ?? 80);
      const value = fc.oneof(
        { weight: 20, arbitrary: likely(target) },
        { weight: skip, arbitrary: fc.constant(undefined) },
      );
      return [name, value] as const;
    });
    return fc.record(Object.fromEntries(members));
  }

  /** A request that succeeds, with some members left out or changed. */
  function variation(shape: Extract<Shape, { readonly type: "structure" }>, example: Json): fc.Arbitrary<Json> {
    return fc
      .tuple(structure(shape), fc.subarray(Object.keys(shape.members)))
      .chain(([other, changed]) =>
        fc.constantFrom(
          { ...example },
          { ...example, ...Object.fromEntries(changed.slice(0, 1).map((name) => [name, other[name]])) },
          { ...example, ...Object.fromEntries(changed.map((name) => [name, other[name]])) },
        ),
      );
  }

  function assertModelled(operation: keyof typeof operations, answer: AwsAnswer): void {
    if (answer.status === 200) return;
    const type = String(answer.json["__type"]);
    const modelled: readonly string[] = operations[operation].errors;
    const isUnbuilt = type === "UnsupportedOperationException" && answer.text.includes("by this release of Coffer");
    assert.ok(
      isUnbuilt || modelled.includes(type) || commonErrors.includes(type),
      `${operation} answered ${answer.text}`,
    );
    assert.ok(answer.status === 400 || type === "DependencyTimeoutException", answer.text);
    assert.ok(Object.keys(answer.json).length <= 2);
  }

  for (const operation of built) {
    it(`${operation} answers as modelled`, async () => {
      let served = 0;
      const shape = shapesByName.get(operations[operation].input) as Extract<Shape, { readonly type: "structure" }>;
      const example = await examples.get(operation)?.(aws);
      await fc.assert(
        fc.asyncProperty(example === undefined ? structure(shape) : variation(shape, example), async (input) => {
          const answer = await aws.call(operation, input);
          assertModelled(operation, answer);
          if (answer.status === 200) served++;
        }),
        { numRuns: 60 },
      );
      // Else the generator would only ever test the refusals.
      if (!served && operation !== "CancelKeyDeletion") assert.fail(`no generated ${operation} succeeded`);
    });
  }

  it("answers any body with an error of the protocol", async () => {
    const bodies = fc.oneof(
      fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
      fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text)),
      fc.tuple(fc.json({ maxDepth: 2 }), fc.nat(60)).map(([text, cut]) => Buffer.from(text.slice(0, cut))),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...operationNames), bodies, async (operation, body) => {
        const answer = await aws.post(`TrentService.${operation}`, body);
        assertModelled(operation, answer);
      }),
      { numRuns: 300 },
    );
  });

  it("answers any headers without falling over", async () => {
    const names = fc.constantFrom(
      "x-amz-target",
      "authorization",
      "content-type",
      "x-amz-date",
      "host",
      "x-amz-security-token",
    );
    const values = fc.oneof(
      fc.string({ unit: "binary-ascii", maxLength: 60 }),
      fc.constantFrom("TrentService.Encrypt", "application/x-www-form-urlencoded", "application/x-amz-json-1.1"),
      fc
        .string({ maxLength: 30 })
        .map((text) => `AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/kms/aws4_request, ${text}`),
    );
    const requests = fc.record({
      method: fc.constantFrom("GET", "POST", "PUT"),
      query: fc.oneof(
        fc.constant(""),
        fc.webQueryParameters(),
        fc.constant("Action=GetCallerIdentity&Version=2011-06-15"),
      ),
      headers: fc.array(fc.tuple(names, values), { maxLength: 6 }).map((entries) => new Map(entries)),
      body: fc.constantFrom(Buffer.from("{}"), Buffer.from("Action=x"), Buffer.from([0xff]), new Uint8Array()),
    });
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        const { status, text } = await aws.send(request);
        assert.ok([200, 400, 403, 404].includes(status), `${status} ${text}`);
        assert.ok(status !== 200 || text.startsWith("This is Coffer."), text);
      }),
      { numRuns: 300 },
    );
  });

  it("keeps what a plaintext holds out of every refusal", async () => {
    const { KeyId } = await aws.createKey();
    const secret = "planted-secret";
    const bad = [
      { KeyId, Plaintext: base64(secret.repeat(400)) },
      { KeyId, Plaintext: `${base64(secret)}!` },
      { KeyId, Plaintext: secret },
      { KeyId: "x", Plaintext: base64(secret) },
      { KeyId, Plaintext: base64(secret), EncryptionAlgorithm: "NONE" },
    ];
    for (const input of bad) {
      const { status, text } = await aws.call("Encrypt", input);
      assert.equal(status, 400);
      assert.ok(!text.includes(secret) && !text.includes(base64(secret).slice(0, 16)), text);
    }
    const recorded = JSON.stringify(await aws.test.auditEvents());
    assert.ok(!recorded.includes(secret) && !recorded.includes(base64(secret).slice(0, 16)));
  });
});
