import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { signRequest } from "@coffer/sigv4";
import fc from "fast-check";
import { iamModel } from "../src/iam/model.ts";
import { iamRows } from "../src/iam/operations.ts";
import type { Shape } from "../src/kms/model-shape.ts";
import type { QueryModel } from "../src/query/codec.ts";
import { stsModel } from "../src/sts/model.ts";
import { stsRows } from "../src/sts/operations.ts";
import { type AwsAnswer, type AwsTest, document, openAws, QueryClient } from "./aws-client.ts";

type Field = readonly [name: string, value: string];

const hugeText = "x".repeat(5000);
const odd = fc.constantFrom(
  "",
  "-1",
  "99999999999999999999",
  "1e3",
  "true",
  "nul\0",
  "\ud7ff",
  "<&>'\"",
  hugeText,
  "__proto__",
);

describe("AWS IAM and STS, asked anything that their models allow and much that they do not", () => {
  let aws: AwsTest;
  let client: QueryClient;
  const served = new Set<string>();

  before(async () => {
    aws = await openAws();
    client = new QueryClient(aws);
    await client.newUser("alice");
    await client.newRole("reader", { Principal: { AWS: "*" } });
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  const known = fc.constantFrom(
    "alice",
    "reader",
    "test",
    "arn:aws:iam::000000000000:role/reader",
    "arn:aws:iam::aws:policy/AdministratorAccess",
    document({ Effect: "Allow", Action: "kms:*", Resource: "*" }),
    "Active",
    "/",
  );

  /** The fields of a value of a shape, under its name in the form. */
  function fieldsOf(
    { readers }: Pick<QueryModel, "readers">,
    target: string,
    name: string,
  ): fc.Arbitrary<readonly Field[]> {
    const shape = readers.shapeOf(target);
    if (shape.type === "structure") return membersOf({ readers }, shape, `${name}.`);
    if (shape.type === "list") {
      const indices = fc.uniqueArray(fc.constantFrom("1", "2", "3", "0", "x", "99999"), { maxLength: 3 });
      return indices.chain((all) =>
        flat(all.map((index) => fieldsOf({ readers }, shape.member, `${name}.member.${index}`))),
      );
    }
    return fc
      .oneof({ weight: 6, arbitrary: ofScalar(shape) }, { weight: 1, arbitrary: odd })
      .map((value) => [[name, value]]);
  }

  function ofScalar(shape: Shape): fc.Arbitrary<string> {
    if (shape.type === "integer") return fc.integer({ min: -1, max: 50_000 }).map(String);
    if (shape.type === "boolean") return fc.constantFrom("true", "false", "TRUE", "1");
    if (shape.type === "string" && shape.enum !== undefined) return fc.constantFrom(...shape.enum, "NONE");
    return fc.oneof(known, fc.string({ unit: "binary", maxLength: 40 }));
  }

  function flat(parts: readonly fc.Arbitrary<readonly Field[]>[]): fc.Arbitrary<readonly Field[]> {
    return fc.tuple(...parts).map((all) => all.flat());
  }

  /** Required members nearly always, the others sometimes. */
  function membersOf(
    { readers }: Pick<QueryModel, "readers">,
    shape: Extract<Shape, { readonly type: "structure" }>,
    prefix = "",
  ): fc.Arbitrary<readonly Field[]> {
    const members = Object.entries(shape.members).map(([member, target]) => {
      const fields = fieldsOf({ readers }, target, `${prefix}${member}`);
      const left = shape.required.includes(member) ? 1 : 20;
      return fc.oneof({ weight: 10, arbitrary: fields }, { weight: left, arbitrary: fc.constant([]) });
    });
    return flat(members);
  }

  async function send({ service, version }: QueryModel, action: string, fields: readonly Field[]): Promise<AwsAnswer> {
    const form = new URLSearchParams([["Action", action], ["Version", version], ...fields.map(([n, v]) => [n, v])]);
    const headers = new Map([
      ["host", "localhost:8080"],
      ["content-type", "application/x-www-form-urlencoded; charset=utf-8"],
    ]);
    const request = { method: "POST", path: "/", query: "", headers, body: Buffer.from(form.toString()) };
    for (const [name, value] of signRequest(request, aws.root, aws.scope({ service }))) headers.set(name, value);
    return aws.send(request);
  }

  function assertAnswered(action: string, { status, text }: AwsAnswer): void {
    assert.ok(status === 200 || (status >= 400 && status < 500), `${action} ${status} ${text}`);
    const root = status === 200 ? `<${action}Response ` : "<ErrorResponse ";
    assert.ok(text.startsWith(root), text);
    if (status === 200) {
      served.add(action);
      return;
    }
    assert.match(text, /<Type>Sender<\/Type>\s*<Code>\w+<\/Code>/);
  }

  for (const [model, rows] of [[iamModel, iamRows] as const, [stsModel, stsRows] as const]) {
    for (const [action, row] of rows) {
      if ("absent" in row) continue;
      it(`${model.service}:${action} answers with its own document or a caller's error`, async () => {
        const operation = Object.entries(model.operations).find(([name]) => name === action)?.[1] ?? assert.fail();
        const shape = model.readers.shapeOf(operation.input);
        assert.ok(shape.type === "structure");
        const forms = fc
          .tuple(
            membersOf(model, shape),
            fc.array(fc.tuple(fc.constantFrom("X", "Tags.member.1", "a.b.c.d.e.f.g.h"), odd), { maxLength: 2 }),
          )
          .chain(([fields, more]) =>
            fc.shuffledSubarray([...fields, ...more, ...fields.slice(0, 1)], { minLength: fields.length }),
          );
        await fc.assert(
          fc.asyncProperty(forms, async (fields) => assertAnswered(action, await send(model, action, fields))),
          { numRuns: 25 },
        );
      });
    }
  }

  it("had requests that succeed, and not refusals alone", () => {
    assert.ok(served.size >= 10, `only ${[...served]} succeeded`);
  });

  it("counts a field that is sent twice once, as it came first", async () => {
    const twice = await send(iamModel, "GetUser", [
      ["UserName", "alice"],
      ["UserName", "nobody"],
    ]);
    assert.equal(twice.status, 200, twice.text);
    const other = await send(iamModel, "GetUser", [
      ["UserName", "nobody"],
      ["UserName", "alice"],
    ]);
    assert.match(other.text, /<Code>NoSuchEntity<\/Code>/);
  });
});
