import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { GrantConstraints, GrantRecord } from "../model/grant.ts";
import { constraintFailure, type GrantUse } from "./constraints.ts";
import { grantOperations } from "./grant-operations.ts";
import { GrantSet, isOf } from "./grant-set.ts";

function record(grantId: string, more: Partial<GrantRecord> = {}): GrantRecord {
  return {
    region: "us-east-1",
    keyId: "key",
    grantId,
    grantee: "arn:aws:iam::000000000000:user/a",
    operations: ["Decrypt"],
    constraints: {},
    issuingAccount: "000000000000",
    createdAtMs: 0,
    revision: 1,
    ...more,
  };
}

const small = fc.constantFrom("a", "b");
const context = fc.dictionary(small, small, { noNullPrototype: true });
const constraints: fc.Arbitrary<GrantConstraints> = fc.oneof(
  fc.constant({}),
  context
    .filter((pairs) => Object.keys(pairs).length > 0)
    .chain((pairs) =>
      fc.constantFrom({ encryptionContextSubset: pairs }, { encryptionContextEquals: pairs }, { sourceArn: "arn:1" }),
    ),
);
const anyGrant = fc.record({
  grantId: fc.constantFrom("1", "2", "3", "4", "5", "6"),
  granteeId: fc.option(fc.constantFrom("AIDA1", "AIDA2"), { nil: undefined }),
  operations: fc.subarray(["Decrypt", "Encrypt", "DescribeKey"], { minLength: 1 }),
  constraints,
});
const anyUse: fc.Arbitrary<GrantUse> = fc.record({
  operation: fc.constantFrom(...["Decrypt", "Encrypt", "DescribeKey"].map((name) => grantOperations.get(name)!)),
  context: fc.option(context, { nil: undefined }),
  sourceArn: fc.option(fc.constant("arn:1"), { nil: undefined }),
});

describe("a set of grants", () => {
  it("finds a grant exactly when one of a plain list allows the use", () => {
    const steps = fc.array(fc.tuple(fc.boolean(), anyGrant), { maxLength: 12 });
    fc.assert(
      fc.property(steps, anyUse, fc.constantFrom("AIDA1", "AIDA2:session"), (list, use, principalId) => {
        const set = new GrantSet();
        const plain = new Map<string, GrantRecord>();
        for (const [adds, { granteeId, ...grant }] of list) {
          const row = record(grant.grantId, { ...grant, ...(granteeId === undefined ? {} : { granteeId }) });
          if (!adds) {
            set.delete(row.grantId);
            plain.delete(row.grantId);
          } else if (!plain.has(row.grantId)) {
            set.add(row);
            plain.set(row.grantId, row);
          }
        }
        assert.equal(set.size, plain.size);
        const allowing = [...plain.values()].filter(
          (row) =>
            row.operations.includes(use.operation.name) &&
            isOf(row, principalId) &&
            constraintFailure(new Set(row.operations), row.constraints, use) === undefined,
        );
        const found = set.find(use, principalId);
        assert.equal(found !== undefined, allowing.length > 0);
        if (found !== undefined) assert.ok(allowing.some(({ grantId }) => grantId === found));
        const missed = set.explain(use, principalId);
        if (missed !== undefined) assert.ok(!allowing.some(({ grantId }) => grantId === missed.grantId));
      }),
      { numRuns: 2000 },
    );
  });
  it("looks at few of many grants, whatever pair they share", () => {
    const set = new GrantSet();
    for (let n = 0; n < 20_000; n += 1) {
      const pairs = { service: "ebs", volume: `vol-${n}` };
      set.add(record(`${n}`, { constraints: { encryptionContextSubset: pairs } }));
    }
    let looked = 0;
    const volume = "vol-19999";
    const counting = new Proxy(
      { service: "ebs", volume },
      {
        ownKeys(target) {
          looked += 1;
          return Reflect.ownKeys(target);
        },
      },
    );
    const use = { operation: grantOperations.get("Decrypt")!, context: counting, sourceArn: undefined };
    assert.equal(set.find(use, "AIDA"), "19999");
    assert.ok(looked < 40, `${looked}`);
  });
});
