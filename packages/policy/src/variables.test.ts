// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how policy variables are written.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { evaluatePolicy } from "./evaluate.ts";
import { compile, compileText, conditionHolds, problemOf, requestOf } from "./policy-fixtures.ts";

function allows(resource: string, options: Parameters<typeof requestOf>[0], version = "2012-10-17"): boolean {
  const statement = { Effect: "Allow", Action: "s3:*", Resource: resource };
  const policy = compileText("identity", JSON.stringify({ Version: version, Statement: [statement] }));
  return evaluatePolicy(policy, requestOf({ action: "s3:GetObject", ...options })).allows !== undefined;
}

// IAM User Guide, "IAM policy elements: Variables and tags".
describe("policy variables in Resource", () => {
  const team = "arn:aws:s3:::EXAMPLE-BUCKET-${aws:PrincipalTag/team, 'company-wide'}";
  const cases: readonly (readonly [
    title: string,
    resource: string,
    options: Parameters<typeof requestOf>[0],
    expected: boolean,
  ])[] = [
    [
      "a user's own folder",
      "arn:aws:s3:::mybucket/${aws:username}/*",
      { resource: "arn:aws:s3:::mybucket/Alice/a/b" },
      true,
    ],
    ["another's folder", "arn:aws:s3:::mybucket/${aws:username}/*", { resource: "arn:aws:s3:::mybucket/Bob/a" }, false],
    [
      "names in any case",
      "arn:aws:s3:::mybucket/${AWS:UserName}/*",
      { resource: "arn:aws:s3:::mybucket/Alice/a" },
      true,
    ],
    [
      "a tag",
      team,
      { resource: "arn:aws:s3:::EXAMPLE-BUCKET-yellow", context: { "aws:principaltag/team": ["yellow"] } },
      true,
    ],
    ["a default", team, { resource: "arn:aws:s3:::EXAMPLE-BUCKET-company-wide" }, true],
    [
      "no default where there is a value",
      team,
      { resource: "arn:aws:s3:::EXAMPLE-BUCKET-company-wide", context: { "aws:principaltag/team": ["yellow"] } },
      false,
    ],
    ["no value", "arn:aws:s3:::b/${aws:PrincipalTag/team}", { resource: "arn:aws:s3:::b/" }, false],
    [
      "a key of several values",
      "arn:aws:s3:::b/${aws:TagKeys}",
      { resource: "arn:aws:s3:::b/x", context: { "aws:tagkeys": ["x", "y"] } },
      false,
    ],
    ["a literal asterisk", "arn:aws:s3:::b/${*}", { resource: "arn:aws:s3:::b/x" }, false],
    ["a literal asterisk itself", "arn:aws:s3:::b/${*}", { resource: "arn:aws:s3:::b/*" }, true],
    ["a literal question mark and dollar", "arn:aws:s3:::b/${?}${$}", { resource: "arn:aws:s3:::b/?$" }, true],
    // Whoever may tag himself must not widen the policy.
    [
      "an asterisk in a value is no wildcard",
      "arn:aws:s3:::b/${aws:PrincipalTag/team}/x",
      { resource: "arn:aws:s3:::b/any/x", context: { "aws:principaltag/team": ["*"] } },
      false,
    ],
  ];
  for (const [title, resource, options, expected] of cases) {
    it(`${title}: ${expected ? "" : "not "}allowed`, () => assert.equal(allows(resource, options), expected));
  }

  it("are text before version 2012-10-17", () => {
    const resource = "arn:aws:s3:::b/${aws:username}";
    assert.equal(allows(resource, { resource: "arn:aws:s3:::b/Alice" }, "2008-10-17"), false);
    assert.equal(allows(resource, { resource }, "2008-10-17"), true);
  });

  it("never stand before the fifth colon", () => {
    for (const resource of ["arn:aws:s3::${aws:PrincipalAccount}:b", "${aws:PrincipalArn}", "arn:aws:${a:b}:::x"]) {
      const problem = problemOf("identity", {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "*", Resource: resource }],
      });
      assert.equal(problem.path, "Statement[0].Resource");
    }
  });

  it("without a value exempt nothing in NotResource", () => {
    const policy = compile("identity", {
      Effect: "Deny",
      Action: "*",
      NotResource: "arn:aws:s3:::b/${aws:PrincipalTag/team}",
    });
    assert.ok(evaluatePolicy(policy, requestOf({ resource: "arn:aws:s3:::b/" })).denies);
  });
});

describe("policy variables in NotResource of an Allow", () => {
  it("without a value allow nothing", () => {
    const policy = compile("identity", {
      Effect: "Allow",
      Action: "*",
      NotResource: ["arn:aws:s3:::c", "arn:aws:s3:::b/${aws:PrincipalTag/team}"],
    });
    const asked = { resource: "arn:aws:s3:::b/red" };
    assert.equal(evaluatePolicy(policy, requestOf(asked)).allows, undefined);
    const blue = evaluatePolicy(policy, requestOf({ ...asked, context: { "aws:principaltag/team": ["blue"] } }));
    assert.ok(blue.allows);
    const red = evaluatePolicy(policy, requestOf({ ...asked, context: { "aws:principaltag/team": ["red"] } }));
    assert.equal(red.allows, undefined);
  });
});

describe("policy variables in Condition", () => {
  const context = {
    "s3:prefix": ["Alice/x"],
    "a:k": ["Alice"],
    "a:arn": ["arn:aws:iam::111122223333:user/Alice"],
    "a:bool": ["True"],
    "a:same": ["true"],
  };
  const cases: readonly (readonly [condition: object, expected: boolean])[] = [
    [{ StringLike: { "s3:prefix": "${aws:username}/*" } }, true],
    [{ StringLike: { "s3:prefix": ["Bob/*", "${aws:username}/?"] } }, true],
    [{ StringEquals: { "a:k": "${aws:username}" } }, true],
    [{ StringEquals: { "a:k": ["x", "${aws:username}"] } }, true],
    [{ StringEqualsIgnoreCase: { "a:k": "${aws:username}" } }, true],
    [{ StringNotEquals: { "a:k": "${aws:username}" } }, false],
    [{ ArnEquals: { "a:arn": "arn:aws:iam::${aws:PrincipalAccount}:user/${aws:username}" } }, true],
    [{ ArnEquals: { "a:arn": "${aws:PrincipalArn}" } }, true],
    [{ ArnEquals: { "a:arn": "${aws:username}" } }, false],
    [{ ArnLike: { "a:arn": "*${aws:username}" } }, false],
    [{ Bool: { "a:bool": "${a:same}" } }, true],
    [{ Bool: { "a:k": "${aws:username}" } }, false],
    // "Policy variables with no value": StringEquals does not match, the inverted operators do.
    [{ StringEquals: { "a:k": "${aws:PrincipalTag/Team}" } }, false],
    [{ StringNotEquals: { "a:k": "${aws:PrincipalTag/Team}" } }, true],
    [{ StringNotLike: { "a:k": "${aws:PrincipalTag/Team}*" } }, true],
    [{ StringEquals: { "a:k": "${aws:PrincipalTag/Team, 'Alice'}" } }, true],
  ];
  for (const [condition, expected] of cases) {
    it(`${JSON.stringify(condition)} is ${expected}`, () => assert.equal(conditionHolds(condition, context), expected));
  }

  it("cannot carry a colon into the next part of an ARN", () => {
    const condition = { ArnLike: { "a:arn": "arn:aws:kms:us-west-2:${aws:PrincipalTag/x}:key/*" } };
    const holdsFor = (tag: string, arn: string) =>
      conditionHolds(condition, { "a:arn": [arn], "aws:principaltag/x": [tag] });
    assert.equal(holdsFor("444455556666", "arn:aws:kms:us-west-2:444455556666:key/1"), true);
    assert.equal(holdsFor("444455556666:alias/a", "arn:aws:kms:us-west-2:444455556666:alias/a:key/1"), false);
  });

  it("are refused where malformed", () => {
    for (const value of [
      "${",
      "${}",
      "${aws:username",
      "${username}",
      "${aws:a${aws:b}}",
      "${aws:a, x}",
      "${aws:a, 'x}",
    ]) {
      const problem = problemOf("identity", {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "*", Resource: "*", Condition: { StringLike: { "a:k": value } } }],
      });
      assert.match(problem.reason, /policy variable/, value);
    }
  });

  it("are refused in operators that take none", () => {
    for (const operator of ["NumericEquals", "DateEquals", "IpAddress", "BinaryEquals", "Null"]) {
      problemOf("identity", {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "*", Resource: "*", Condition: { [operator]: { "a:k": "${a:b}" } } }],
      });
    }
  });
});
