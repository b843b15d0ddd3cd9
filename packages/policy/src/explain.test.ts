// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how policy variables are written.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { evaluatePolicy } from "./evaluate.ts";
import { explainPolicy } from "./explain.ts";
import { compile, keyArn, requestOf, sessionOf } from "./policy-fixtures.ts";

const everybody = { Effect: "Allow", Principal: "*", Action: "*", Resource: "*" };

describe("explainPolicy", () => {
  it("says which element failed first, statement by statement", () => {
    const policy = compile(
      "key",
      { ...everybody, Sid: "who", Principal: { AWS: "arn:aws:iam::111122223333:user/Bob" }, Action: "kms:Sign" },
      { ...everybody, Sid: "what", Action: ["kms:Decrypt", "kms:Re*"] },
      { ...everybody, Resource: `${keyArn}0` },
      { ...everybody, Effect: "Deny", Condition: { StringEqualsIfExists: { "kms:ViaService": "s3.amazonaws.com" } } },
      {
        ...everybody,
        Condition: { StringLike: { "kms:EncryptionContext:Owner": ["${aws:username}/*", "${aws:none}"] } },
      },
      everybody,
    );
    const context = { "kms:viaservice": ["ec2.amazonaws.com"] };
    assert.deepEqual(explainPolicy(policy, requestOf({ context })), [
      {
        statement: 0,
        sid: "who",
        effect: "Allow",
        matched: false,
        failed: {
          element: "Principal",
          expected: ["arn:aws:iam::111122223333:user/Bob"],
          actual: ["arn:aws:iam::111122223333:user/Alice"],
        },
      },
      {
        statement: 1,
        sid: "what",
        effect: "Allow",
        matched: false,
        failed: { element: "Action", expected: ["kms:Decrypt", "kms:Re*"], actual: ["kms:Encrypt"] },
      },
      {
        statement: 2,
        effect: "Allow",
        matched: false,
        failed: { element: "Resource", expected: [`${keyArn}0`], actual: [keyArn] },
      },
      {
        statement: 3,
        effect: "Deny",
        matched: false,
        failed: {
          element: "Condition",
          operator: "StringEqualsIfExists",
          key: "kms:ViaService",
          expected: ["s3.amazonaws.com"],
          actual: ["ec2.amazonaws.com"],
        },
      },
      {
        statement: 4,
        effect: "Allow",
        matched: false,
        failed: {
          element: "Condition",
          operator: "StringLike",
          key: "kms:EncryptionContext:Owner",
          expected: ["Alice/*", "${aws:none}"],
        },
      },
      { statement: 5, effect: "Allow", matched: true },
    ]);
  });

  it("shows a session with its role, and a missing Resource", () => {
    const policy = compile(
      "key",
      { ...everybody, Principal: { Service: "s3.amazonaws.com" } },
      { ...everybody, Resource: undefined },
    );
    const principal = sessionOf("Engineering", "bob");
    const [who, what] = explainPolicy(policy, requestOf({ principal }));
    assert.deepEqual(who?.failed?.actual, [principal.arn, principal.roleArn]);
    assert.deepEqual(what?.failed, { element: "Resource", expected: [], actual: [keyArn] });
  });

  it("agrees with evaluatePolicy", () => {
    const statement = fc.record({
      Effect: fc.constantFrom("Allow", "Deny"),
      Principal: fc.constantFrom("*", { AWS: "111122223333" }, { AWS: "444455556666" }),
      Action: fc.constantFrom("*", "kms:Encrypt", "kms:Decrypt"),
      Resource: fc.constantFrom("*", keyArn, `${keyArn}0`),
      Condition: fc.constantFrom({}, { Null: { "a:b": "true" } }, { Bool: { "a:b": "true" } }),
    });
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 4 }), (statements) => {
        const policy = compile("key", ...statements);
        const explained = explainPolicy(policy, requestOf());
        const { denies, allows } = evaluatePolicy(policy, requestOf());
        const matched = (effect: string) => explained.some((one) => one.matched && one.effect === effect);
        assert.equal(matched("Deny"), denies !== undefined);
        assert.equal(matched("Allow"), allows !== undefined);
      }),
    );
  });
});
