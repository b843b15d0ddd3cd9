import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { ContextPairs, GrantConstraints } from "../model/grant.ts";
import { contextConditions } from "../operations/message.ts";
import { constraintFailure, contextOfConditions, isAtLeastAsStrict } from "./constraints.ts";
import { grantOperations } from "./grant-operations.ts";

const decrypt = grantOperations.get("Decrypt")!;
const operations = new Set(["Decrypt", "DescribeKey", "RetireGrant", "CreateGrant"]);

function allows(constraints: GrantConstraints, context: ContextPairs | undefined): boolean {
  return (
    constraintFailure(operations, constraints, { operation: decrypt, context, sourceArn: undefined }) === undefined
  );
}

// Few letters, so that pairs meet; some that JSON and separators could confuse.
const text = fc.string({ unit: fc.constantFrom("a", "A", "b", '"', ",", "\0", "="), minLength: 1, maxLength: 3 });
const pairs: fc.Arbitrary<ContextPairs> = fc.dictionary(text, text, { maxKeys: 4, noNullPrototype: true });
const somePairs = pairs.filter((each) => Object.keys(each).length > 0);

/** What the documentation says, written down anew: names without case, values with it. */
function has(context: ContextPairs, name: string, value: string): boolean {
  return Object.entries(context).some(([n, v]) => n.toLowerCase() === name.toLowerCase() && v === value);
}
const covers = (context: ContextPairs, wanted: ContextPairs) =>
  Object.entries(wanted).every(([name, value]) => has(context, name, value));
const sizeOf = (context: ContextPairs) => Object.keys(context).length;

describe("the constraints of grants", () => {
  it("let pass an encryption context that fits, and no other", () => {
    fc.assert(
      fc.property(somePairs, pairs, (wanted, context) => {
        assert.equal(allows({ encryptionContextSubset: wanted }, context), covers(context, wanted));
        const same = sizeOf(wanted) === sizeOf(context) && covers(context, wanted) && covers(wanted, context);
        assert.equal(allows({ encryptionContextEquals: wanted }, context), same);
      }),
      { numRuns: 2000 },
    );
  });
  it("let pass the context itself in any order, and with more pairs where a subset is asked for", () => {
    fc.assert(
      fc.property(somePairs, pairs, (wanted, more) => {
        const reversed = Object.fromEntries(Object.entries(wanted).reverse());
        assert.ok(allows({ encryptionContextEquals: wanted }, reversed));
        assert.ok(allows({ encryptionContextSubset: wanted }, reversed));
        assert.ok(allows({ encryptionContextSubset: wanted }, { ...more, ...wanted }));
      }),
    );
  });
  it("let pass nothing when a value or a name is another, or there is no context at all", () => {
    fc.assert(
      fc.property(somePairs, (wanted) => {
        const kinds = [{ encryptionContextEquals: wanted }, { encryptionContextSubset: wanted }];
        const [[name, value]] = Object.entries(wanted) as [[string, string]];
        const { [name]: _, ...rest } = wanted;
        for (const constraints of kinds) {
          assert.ok(!allows(constraints, undefined));
          assert.ok(!allows(constraints, {}));
          assert.ok(!allows(constraints, { ...rest, [name]: `${value}x` }));
          assert.ok(!allows(constraints, { ...rest, [`${name}x`]: value }));
        }
      }),
    );
  });
  it("take the names of pairs without case and their values with it, in ASCII", () => {
    const constraints = { encryptionContextEquals: { Department: "IT" } };
    assert.ok(allows(constraints, { department: "IT" }));
    assert.ok(!allows(constraints, { Department: "it" }));
    // The Kelvin sign is no k here.
    assert.ok(!allows({ encryptionContextSubset: { k: "v" } }, { "\u212a": "v" }));
  });
  it("do not bind operations without an encryption context", () => {
    const constraints = { encryptionContextEquals: { a: "b" } };
    for (const name of ["DescribeKey", "RetireGrant"]) {
      const use = { operation: grantOperations.get(name)!, context: undefined, sourceArn: undefined };
      assert.equal(constraintFailure(operations, constraints, use), undefined);
    }
  });
  it("bind a source to all operations but RetireGrant, and to DescribeKey where the request has a source", () => {
    const sourceArn = "arn:aws:s3:us-east-1:000000000000:bucket";
    const cases = [
      ["Decrypt", sourceArn, undefined],
      ["Decrypt", undefined, "sourceArn"],
      ["Decrypt", `${sourceArn}2`, "sourceArn"],
      ["DescribeKey", undefined, undefined],
      ["DescribeKey", `${sourceArn}2`, "sourceArn"],
      ["RetireGrant", `${sourceArn}2`, undefined],
    ] as const;
    for (const [name, given, expected] of cases) {
      const use = { operation: grantOperations.get(name)!, context: undefined, sourceArn: given };
      assert.equal(constraintFailure(operations, { sourceArn }, use), expected, `${name} ${given}`);
    }
  });
  it("of a child let pass nothing that those of its parent would not", () => {
    const constraints: fc.Arbitrary<GrantConstraints> = fc.oneof(
      fc.constant({}),
      somePairs.map((each) => ({ encryptionContextSubset: each })),
      somePairs.map((each) => ({ encryptionContextEquals: each })),
    );
    let strict = 0;
    fc.assert(
      fc.property(constraints, constraints, pairs, (parent, child, context) => {
        if (!isAtLeastAsStrict(child, parent)) return;
        strict += 1;
        const given = { ...context, ...child.encryptionContextSubset, ...child.encryptionContextEquals };
        for (const tried of [context, given, child.encryptionContextEquals ?? {}]) {
          if (allows(child, tried)) assert.ok(allows(parent, tried), JSON.stringify([parent, child, tried]));
        }
      }),
      { numRuns: 3000 },
    );
    assert.ok(strict > 100, `${strict}`);
  });
  it("of a child may be narrower, never wider", () => {
    const a = { encryptionContextSubset: { a: "1" } };
    const ab = { encryptionContextSubset: { a: "1", b: "2" } };
    const equal = { encryptionContextEquals: { a: "1" } };
    const cases: readonly (readonly [GrantConstraints, GrantConstraints, boolean])[] = [
      [a, {}, true],
      [{}, a, false],
      [ab, a, true],
      [a, ab, false],
      [equal, a, true],
      [a, equal, false],
      [equal, equal, true],
      [{ encryptionContextEquals: { a: "1", b: "2" } }, equal, false],
      [{ sourceArn: "arn:1" }, { sourceArn: "arn:1" }, true],
      [{}, { sourceArn: "arn:1" }, false],
    ];
    for (const [child, parent, expected] of cases) assert.equal(isAtLeastAsStrict(child, parent), expected);
  });
});

describe("the encryption context that policies see", () => {
  it("is the one of the request, also with names that differ in case only", () => {
    fc.assert(
      fc.property(pairs, (context) => {
        const read = contextOfConditions(contextConditions({ encryptionContext: context }));
        assert.deepEqual(read ?? {}, context);
      }),
    );
    assert.equal(contextOfConditions(undefined), undefined);
  });
});
