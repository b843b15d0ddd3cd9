import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ServiceError } from "@coffer/service";
import type { Shape } from "../kms/model-shape.ts";
import { awsLimits } from "../limits.ts";
import { decodeForm, fieldOf, readForm } from "./read-form.ts";

const shapes = new Map<string, Shape>([
  [
    "In",
    {
      type: "structure",
      required: [],
      members: { Name: "Text", Count: "Int", On: "Bool", Tags: "Tags", Keys: "Keys" },
    },
  ],
  ["Tags", { type: "list", member: "Tag" }],
  ["Tag", { type: "structure", required: [], members: { Key: "Text", Value: "Text" } }],
  ["Keys", { type: "list", member: "Text" }],
  ["Text", { type: "string" }],
  ["Int", { type: "integer" }],
  ["Bool", { type: "boolean" }],
]);

function decode(form: string): unknown {
  return decodeForm(readForm(Buffer.from(form)), "In", (name) => shapes.get(name) as Shape);
}

describe("forms of the AWS query protocol", () => {
  it("become what the model says", () => {
    const form =
      "Name=a%20b&Count=-7&On=true&Tags.member.2.Key=y&Tags.member.1.Key=x&Tags.member.1.Value=&Keys.member.1=k";
    assert.deepEqual(decode(form), {
      Name: "a b",
      Count: -7,
      On: true,
      Tags: [{ Key: "x", Value: "" }, { Key: "y" }],
      Keys: ["k"],
    });
  });
  it("have lists that are empty, out of order or with gaps", () => {
    assert.deepEqual(decode("Keys="), { Keys: [] });
    assert.deepEqual(decode("Keys.member.10=b&Keys.member.9=a&Keys.member.x=c&Keys.member.0=d"), { Keys: ["a", "b"] });
  });
  it("count a field once that is sent twice, and no field that the model has not", () => {
    assert.deepEqual(decode("Name=first&Name=second&__proto__.x=1&constructor=2"), { Name: "first" });
  });
  it("refuse numbers and booleans that are none", () => {
    for (const form of ["Count=x", "Count=1e3", "Count=", "On=yes"]) {
      assert.throws(
        () => decode(form),
        (error: unknown) => error instanceof ServiceError && error.code === "InvalidInput",
      );
    }
  });
  it("have names of a bounded depth", () => {
    const deep = (levels: number) => readForm(Buffer.from(`${Array(levels).fill("a").join(".")}=1`)).below.size;
    assert.equal(deep(awsLimits.formDepth.value), 1);
    assert.equal(deep(awsLimits.formDepth.value + 1), 0);
  });
  it("refuse what is no UTF-8", () => {
    assert.throws(() => readForm(Uint8Array.of(0xff, 0xfe)));
    assert.equal(fieldOf(readForm(Buffer.from("Action=X")), "Action"), "X");
  });
});
