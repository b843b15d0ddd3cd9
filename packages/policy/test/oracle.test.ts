import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { account, keyArn, otherAccount, rootOf, serviceOf, sessionOf, userOf } from "../src/policy-fixtures.ts";
import { type Answer, askOracle, askOurs, type Case, type Statement } from "./iam-oracle.ts";

const callers = [
  userOf("Alice"),
  userOf("team/Bob"),
  rootOf(),
  sessionOf("Engineering", "bob"),
  userOf("Alice", otherAccount),
  rootOf(otherAccount),
  sessionOf("Engineering", "bob", otherAccount),
  serviceOf("s3.amazonaws.com"),
];

const principalNames = [
  ...callers.filter(({ kind }) => kind !== "service").map(({ arn }) => arn),
  ...callers.flatMap(({ roleArn }) => (roleArn === undefined ? [] : [roleArn])),
  account,
  otherAccount,
  `arn:aws:iam::${account}:user/Carol`,
  "*",
];

const someOf = <T>(...values: readonly T[]) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });
/** One value is written with or without its list. */
const oneOrList = <T>(values: fc.Arbitrary<T[]>) =>
  fc.tuple(values, fc.boolean()).map(([list, bare]) => (bare && list.length === 1 ? (list[0] as T) : list));

const principal = fc.oneof(
  fc.constant("*"),
  oneOrList(someOf(...principalNames)).map((AWS) => ({ AWS })),
  oneOrList(someOf("s3.amazonaws.com", "ec2.amazonaws.com")).map((Service) => ({ Service })),
  fc.record({ AWS: someOf(...principalNames), Service: someOf("s3.amazonaws.com", "ec2.amazonaws.com") }),
);

const actions = oneOrList(
  someOf("kms:Encrypt", "KMS:encrypt", "kms:Decrypt", "kms:*", "*", "kms:?ncrypt", "kms:*crypt", "s3:*", "kms:Gen*"),
);
const plainResources = [
  "*",
  keyArn,
  `${keyArn}0`,
  `arn:aws:kms:*:${account}:key/*`,
  `arn:aws:kms:us-west-?:*:key/1234*`,
  `arn:aws:kms:*:${otherAccount}:key/*`,
  "arn:aws:kms:us-west-2:111122223333:key/*-5678*",
];
const resources = oneOrList(
  someOf(
    ...plainResources,
    // Filled in from the request: matches nothing where the key is absent.
    `arn:aws:kms:us-west-2:${account}:key/\${aws:PrincipalTag/key}`,
    `arn:aws:kms:us-west-2:${account}:key/\${aws:PrincipalTag/key, '1234abcd-12ab-34cd-56ef-1234567890ab'}`,
    `arn:aws:s3:::bucket/\${aws:username}`,
  ),
);

const one = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const callersName = "$" + "{aws:username}";
const alwaysThere = "$" + "{aws:SourceAccount}";
const constants = ["", "a", "A", "ab", "abc", "a*", "b", "*", "?", "finance", alwaysThere];
const escapes = ["$" + "{*}", "a$" + "{?}", "$" + "{$}*"];

const numbers = one("1", "5", "7", "7.0", "10", "-3", "5.5");
const dates = one("2026-01-01T00:00:00Z", "2026-06-01T12:30:00Z", "2030-01-01");
const arns = one(
  `arn:aws:iam::${account}:user/Alice`,
  `arn:aws:iam::*:user/*`,
  `arn:aws:iam::${account}:role/Engin*`,
  `arn:aws:s3:::b?cket/*`,
  "arn:*:s3:*:*:*",
);
const ranges = one("203.0.113.0/24", "203.0.113.7", "10.0.0.0/8", "0.0.0.0/1", "10.1.2.2/31");
const ranges6 = one("2001:db8::/32", "2001:db8::1/128", "2001:db8:0:0:1::/80", "::/1");
const lists = <T>(of: fc.Arbitrary<T>) => oneOrList(fc.uniqueArray(of, { minLength: 1, maxLength: 3 }));

/** Operators, what they are compared with, and condition keys of their type. */
const families: readonly (readonly [operators: readonly string[], fc.Arbitrary<unknown>, keys: readonly string[]])[] = [
  [
    ["StringEquals", "StringEqualsIgnoreCase"],
    lists(one(...constants, callersName)),
    ["kms:ViaService", "aws:PrincipalTag/Dept", "aws:username"],
  ],
  [
    ["StringLike"],
    lists(one(...constants, ...escapes, callersName)),
    ["kms:ViaService", "aws:PrincipalTag/Dept", "aws:username"],
  ],
  [
    ["StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike"],
    lists(one(...constants)),
    ["kms:ViaService", "aws:PrincipalTag/Dept", "aws:username"],
  ],
  [
    ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"].map((o) => `Numeric${o}`),
    lists(numbers),
    ["aws:MultiFactorAuthAge"],
  ],
  [
    ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"].map((o) => `Date${o}`),
    lists(dates),
    ["aws:CurrentTime"],
  ],
  [["Bool"], lists(one("true", "false", "TRUE")), ["aws:SecureTransport"]],
  [["IpAddress", "NotIpAddress"], lists(ranges), ["aws:SourceIp"]],
  [["IpAddress", "NotIpAddress"], lists(ranges6), ["aws:VpcSourceIp"]],
  [["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"], lists(arns), ["aws:SourceArn"]],
];

const singleCondition = fc
  .constantFrom(...families)
  .chain(([operators, values, keys]) =>
    fc.tuple(fc.constantFrom(...operators), fc.constantFrom("", "", "IfExists"), fc.constantFrom(...keys), values),
  )
  .map(([operator, suffix, key, values]): Record<string, unknown> => ({ [operator + suffix]: { [key]: values } }));

const setCondition = fc
  .tuple(
    one("ForAllValues:", "ForAnyValue:"),
    one("StringEquals", "StringLike", "StringEqualsIgnoreCase"),
    one("kms:EncryptionContextKeys", "aws:TagKeys"),
    lists(one("a", "b", "a*", "A", "Dept")),
  )
  .map(([set, operator, key, values]): Record<string, unknown> => ({ [set + operator]: { [key]: values } }));

const nullCondition = fc
  .tuple(one("kms:ViaService", "kms:EncryptionContextKeys", "aws:SourceArn"), lists(one("true", "false")))
  .map(([key, values]): Record<string, unknown> => ({ Null: { [key]: values } }));

const condition = fc.option(
  fc
    .array(fc.oneof({ weight: 4, arbitrary: singleCondition }, { weight: 2, arbitrary: setCondition }, nullCondition), {
      minLength: 1,
      maxLength: 2,
    })
    .map((list) => Object.assign({}, ...list) as Record<string, unknown>),
  { nil: undefined },
);

const targets = fc
  .record({
    negatedAction: fc.boolean(),
    actions,
    resource: fc.oneof(
      resources.map((Resource) => ({ Resource })),
      oneOrList(someOf(...plainResources)).map((NotResource) => ({ NotResource })),
    ),
    condition,
  })
  .map((parts) => ({
    [parts.negatedAction ? "NotAction" : "Action"]: parts.actions,
    ...parts.resource,
    ...(parts.condition === undefined ? {} : { Condition: parts.condition }),
  }));
/** Allow more often: a Deny that matches ends every case alike. */
const effect = fc.oneof({ weight: 3, arbitrary: fc.constant("Allow") }, fc.constant("Deny"));
const identityStatement = fc.tuple(effect, targets).map(([Effect, rest]): Statement => ({ Effect, ...rest }));
const keyStatement = fc
  .tuple(effect, principal, targets)
  .map(([Effect, Principal, rest]): Statement => ({ Effect, Principal, ...rest }));
const few = (statement: fc.Arbitrary<Statement>, minLength: number) => fc.array(statement, { minLength, maxLength: 3 });

const absentOr = (...values: readonly string[]) => fc.constantFrom([], ...values.map((value) => [value]));
const context = fc.record({
  "aws:sourceaccount": fc.constantFrom(["a"], ["ab"], ["A*"]),
  "kms:viaservice": absentOr("a", "A", "ab", "finance", "Alice"),
  "aws:principaltag/dept": absentOr("finance", "b", "*", "a?", "ab", "$x"),
  "kms:encryptioncontextkeys": fc.constantFrom([], ["a"], ["a", "b"], ["Dept", "ab"]),
  "aws:tagkeys": fc.constantFrom([], ["a"], ["b", "A"]),
  "aws:multifactorauthage": absentOr("1", "5", "7", "10", "5.5"),
  "aws:currenttime": absentOr("2026-01-01T00:00:00Z", "2026-06-01T12:30:00Z", "2031-01-01T00:00:00Z"),
  "aws:securetransport": absentOr("true", "false"),
  "aws:sourceip": absentOr("203.0.113.7", "10.1.2.3"),
  "aws:vpcsourceip": absentOr("2001:db8::1", "2001:db8:0:0:1::1", "2001:db9::1", "a000::1"),
  "aws:sourcearn": absentOr(
    `arn:aws:iam::${account}:user/Alice`,
    `arn:aws:iam::${account}:role/Engineering`,
    "arn:aws:s3:::bucket/a:b/c",
  ),
  "aws:principaltag/key": absentOr("1234abcd-12ab-34cd-56ef-1234567890ab", "*", "other"),
});

const cases: fc.Arbitrary<Case> = fc
  .record({
    principal: fc.constantFrom(...callers),
    action: fc.constantFrom("kms:Encrypt", "kms:Decrypt"),
    context,
    key: few(keyStatement, 1),
    identity: few(identityStatement, 0),
    boundary: fc.option(few(identityStatement, 1), { nil: undefined, freq: 1 }),
    session: fc.option(few(identityStatement, 1), { nil: undefined, freq: 1 }),
    version: fc.constant("2012-10-17"),
  })
  .map((parts) => ({
    ...parts,
    // Only a session has session policies.
    session: parts.principal.kind === "assumed-role" ? parts.session : undefined,
    resource: keyArn,
    resourceAccount: account,
    // Only a user has this one; ours takes it from the caller, the oracle from the context.
    context: { ...parts.context, "aws:username": parts.principal.kind === "user" ? [nameOf(parts.principal.arn)] : [] },
  }));

function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}

/** A caller, and a NotPrincipal that names every level of it or nothing of its account. */
const exemptions = fc
  .constantFrom(...callers.filter(({ kind }) => kind === "user" || kind === "assumed-role"))
  .chain((caller) => {
    const levels = [`arn:aws:iam::${caller.account}:root`, caller.arn, ...(caller.roleArn ? [caller.roleArn] : [])];
    const others = principalNames.filter((name) => name !== "*" && !name.includes(caller.account));
    return fc.record({
      principal: fc.constant(caller),
      NotPrincipal: fc
        .tuple(fc.boolean(), fc.subarray(others))
        .map(([exempt, more]) => ({ AWS: [...(exempt ? levels : []), ...more] }))
        .filter(({ AWS }) => AWS.length > 0),
    });
  });

describe("our evaluator and an independent one", () => {
  it("agree", async () => {
    const answers = new Map<Answer, number>();
    await fc.assert(
      fc.asyncProperty(cases, async (asked) => {
        const ours = askOurs(asked);
        answers.set(ours, (answers.get(ours) ?? 0) + 1);
        assert.equal(ours, await askOracle(asked));
      }),
      { numRuns: 2000 },
    );
    // Cases that all end alike would prove nothing.
    for (const answer of ["allowed", "explicit-deny", "implicit-deny"] as const) {
      assert.ok((answers.get(answer) ?? 0) > 100, `${answer}: ${answers.get(answer)}`);
    }
  });

  it("agree on whom NotPrincipal exempts", async () => {
    await fc.assert(
      fc.asyncProperty(cases, exemptions, targets, async (base, { principal, NotPrincipal }, rest) => {
        const key = [
          { Effect: "Allow", Principal: "*", Action: "*", Resource: "*" },
          { Effect: "Deny", NotPrincipal, ...rest },
        ];
        const context = { ...base.context, "aws:username": principal.kind === "user" ? [nameOf(principal.arn)] : [] };
        const asked: Case = { ...base, principal, context, key, session: undefined };
        assert.equal(askOurs(asked), await askOracle(asked));
      }),
      { numRuns: 500 },
    );
  });
});
