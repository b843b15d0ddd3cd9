import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { conditionHolds, sessionOf, userOf } from "./policy-fixtures.ts";

type Context = Readonly<Record<string, readonly string[]>>;
type Case = readonly [condition: object, context: Context, expected: boolean];

function check(title: string, cases: readonly Case[], effect: "Allow" | "Deny" = "Allow"): void {
  describe(title, () => {
    for (const [condition, context, expected] of cases) {
      it(`${JSON.stringify(condition)} with ${JSON.stringify(context)} is ${expected}`, () => {
        assert.equal(conditionHolds(condition, context, effect), expected);
      });
    }
  });
}

// IAM User Guide, "IAM JSON policy elements: Condition operators", a section each. The cases with a key of AWS's own are
// its examples.

check("String operators", [
  [
    { StringEquals: { "aws:PrincipalTag/job-category": "iamuser-admin" } },
    { "aws:principaltag/job-category": ["iamuser-admin"] },
    true,
  ],
  [{ StringEquals: { "aws:PrincipalTag/job-category": "iamuser-admin" } }, {}, false],
  [{ StringEquals: { "a:k": "x" } }, { "a:k": ["X"] }, false],
  [{ StringEquals: { "a:k": "x*" } }, { "a:k": ["xy"] }, false],
  [{ StringEquals: { "a:k": ["x", "y"] } }, { "a:k": ["y"] }, true],
  [{ StringNotEquals: { "a:k": ["x", "y"] } }, { "a:k": ["y"] }, false],
  [{ StringNotEquals: { "a:k": ["x", "y"] } }, { "a:k": ["z"] }, true],
  [{ StringNotEquals: { "a:k": "x" } }, {}, true],
  [{ StringEqualsIgnoreCase: { "aws:username": "johndoe" } }, { "aws:username": ["JohnDoe"] }, true],
  [{ StringNotEqualsIgnoreCase: { "aws:username": "johndoe" } }, { "aws:username": ["JohnDoe"] }, false],
  [{ StringLike: { "s3:prefix": ["", "home/", "home/Alice/"] } }, { "s3:prefix": [""] }, true],
  [{ StringLike: { "s3:prefix": "home/*" } }, { "s3:prefix": ["home/a/b"] }, true],
  [{ StringLike: { "a:k": "t?.*" } }, { "a:k": ["t2.micro"] }, true],
  [{ StringLike: { "a:k": "T*" } }, { "a:k": ["t2"] }, false],
  [{ StringNotLike: { "a:k": ["t1.*", "t2.*"] } }, { "a:k": ["t2.micro"] }, false],
  [{ StringNotLike: { "a:k": "t2.*" } }, {}, true],
  [{ StringEquals: { "a:k": 123 } }, { "a:k": ["123"] }, true],
]);

check("Numeric operators", [
  [{ NumericLessThanEquals: { "s3:max-keys": "10" } }, { "s3:max-keys": ["10"] }, true],
  [{ NumericLessThanEquals: { "s3:max-keys": "10" } }, { "s3:max-keys": ["11"] }, false],
  [{ NumericLessThanEquals: { "s3:max-keys": "10" } }, {}, false],
  [{ NumericLessThan: { "a:k": 10 } }, { "a:k": ["9.5"] }, true],
  [{ NumericLessThan: { "a:k": 10 } }, { "a:k": ["10"] }, false],
  [{ NumericGreaterThan: { "a:k": "10" } }, { "a:k": ["9"] }, false],
  [{ NumericGreaterThan: { "a:k": "10" } }, { "a:k": ["100"] }, true],
  [{ NumericGreaterThanEquals: { "a:k": "10" } }, { "a:k": ["10"] }, true],
  [{ NumericEquals: { "a:k": "10" } }, { "a:k": ["10.0"] }, true],
  [{ NumericNotEquals: { "a:k": ["10", "20"] } }, { "a:k": ["20"] }, false],
  [{ NumericNotEquals: { "a:k": "10" } }, {}, true],
  [{ NumericLessThan: { "a:k": "10" } }, { "a:k": ["nine"] }, false],
]);

check("Date operators", [
  [
    { DateGreaterThan: { "aws:TokenIssueTime": "2020-01-01T00:00:01Z" } },
    { "aws:tokenissuetime": ["2020-01-01T00:00:02Z"] },
    true,
  ],
  [
    { DateGreaterThan: { "aws:TokenIssueTime": "2020-01-01T00:00:01Z" } },
    { "aws:tokenissuetime": ["2020-01-01T00:00:01Z"] },
    false,
  ],
  [{ DateGreaterThan: { "aws:TokenIssueTime": "2020-01-01T00:00:01Z" } }, {}, false],
  [
    { DateLessThan: { "aws:CurrentTime": "2020-06-30T23:59:59Z" } },
    { "aws:currenttime": ["2020-06-30T00:00:00Z"] },
    true,
  ],
  [{ DateLessThanEquals: { "aws:EpochTime": "1577836801" } }, { "aws:epochtime": ["1577836801"] }, true],
  [{ DateGreaterThanEquals: { "aws:EpochTime": 1577836801 } }, { "aws:epochtime": ["1577836800"] }, false],
  [{ DateEquals: { "a:k": "2020-01-01T00:00:00Z" } }, { "a:k": ["2020-01-01T01:00:00+01:00"] }, true],
  [{ DateNotEquals: { "a:k": "2020-01-01" } }, { "a:k": ["2020-01-02"] }, true],
  [{ DateNotEquals: { "a:k": "2020-01-01" } }, {}, true],
]);

check("Bool", [
  [{ Bool: { "aws:SecureTransport": "false" } }, { "aws:securetransport": ["false"] }, true],
  [{ Bool: { "aws:SecureTransport": "false" } }, { "aws:securetransport": ["true"] }, false],
  [{ Bool: { "aws:SecureTransport": true } }, { "aws:securetransport": ["true"] }, true],
  [{ Bool: { "aws:SecureTransport": "True" } }, { "aws:securetransport": ["true"] }, true],
  [{ Bool: { "kms:GrantIsForAWSResource": "true" } }, {}, false],
  [{ Bool: { "a:k": "true" } }, { "a:k": ["yes"] }, false],
  [{ BoolIfExists: { "aws:MultiFactorAuthPresent": "true" } }, {}, true],
]);

check("BinaryEquals", [
  [{ BinaryEquals: { "a:k": "QmluYXJ5VmFsdWVJbkJhc2U2NA==" } }, { "a:k": ["QmluYXJ5VmFsdWVJbkJhc2U2NA=="] }, true],
  [{ BinaryEquals: { "a:k": "QUI=" } }, { "a:k": ["QUI"] }, false],
  [{ BinaryEquals: { "a:k": "QUI=" } }, {}, false],
]);

const networks = { IpAddress: { "aws:SourceIp": ["203.0.113.0/24", "2001:DB8:1234:5678::/64"] } };
check("IP address operators", [
  [networks, { "aws:sourceip": ["203.0.113.255"] }, true],
  [networks, { "aws:sourceip": ["203.0.114.1"] }, false],
  [networks, { "aws:sourceip": ["2001:db8:1234:5678::9"] }, true],
  [networks, {}, false],
  [{ NotIpAddress: { "aws:SourceIp": "203.0.113.0/24" } }, { "aws:sourceip": ["203.0.113.1"] }, false],
  [{ NotIpAddress: { "aws:SourceIp": "203.0.113.0/24" } }, { "aws:sourceip": ["198.51.100.1"] }, true],
  [{ NotIpAddress: { "aws:SourceIp": "203.0.113.0/24" } }, {}, true],
]);

const finance = "arn:aws:someservice:*:111122223333:finance/*";
const lookalike = "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt";
check("ARN operators", [
  [{ StringLike: { "a:k": finance } }, { "a:k": [lookalike] }, true],
  [{ ArnLike: { "a:k": finance } }, { "a:k": [lookalike] }, false],
  [{ ArnEquals: { "a:k": finance } }, { "a:k": [lookalike] }, false],
  [{ ArnNotLike: { "a:k": finance } }, { "a:k": [lookalike] }, true],
  [{ ArnEquals: { "a:k": finance } }, { "a:k": ["arn:aws:someservice:eu-west-1:111122223333:finance/a"] }, true],
  [
    { ArnEquals: { "aws:SourceArn": "arn:aws:sns:us-east-1:123456789012:TOPIC-ID" } },
    { "aws:sourcearn": ["arn:aws:sns:us-east-1:123456789012:TOPIC-ID"] },
    true,
  ],
  [{ ArnEquals: { "a:k": "arn:aws:sns:us-east-1:123456789012:TOPIC-ID" } }, {}, false],
  [{ ArnNotEquals: { "a:k": "arn:aws:sns:us-east-1:123456789012:TOPIC-ID" } }, {}, true],
  [{ ArnLike: { "a:k": "arn:aws:s3:::bucket" } }, { "a:k": ["arn:aws:s3:::Bucket"] }, false],
  [{ ArnLike: { "a:k": "arn:aws:s3:::*" } }, { "a:k": ["arn:aws:s3:::a:b:c"] }, true],
  [{ ArnLike: { "a:k": "*" } }, { "a:k": ["arn:aws:s3:::b"] }, true],
  [{ ArnLike: { "a:k": "arn:aws:s3:::*" } }, { "a:k": ["not an arn"] }, false],
]);

const instances = { StringLikeIfExists: { "ec2:InstanceType": ["t1.*", "t2.*", "m3.*"] } };
check("...IfExists", [
  [instances, { "ec2:instancetype": ["t2.micro"] }, true],
  [instances, { "ec2:instancetype": ["c5.large"] }, false],
  [instances, {}, true],
  [{ StringNotEqualsIfExists: { "aws:RequestTag/team": "x" } }, {}, true],
]);

check("Null", [
  [{ Null: { "aws:TokenIssueTime": "true" } }, {}, true],
  [{ Null: { "aws:TokenIssueTime": "true" } }, { "aws:tokenissuetime": ["2020-01-01T00:00:00Z"] }, false],
  [{ Null: { "aws:TokenIssueTime": "false" } }, { "aws:tokenissuetime": ["2020-01-01T00:00:00Z"] }, true],
  [{ Null: { "kms:EncryptionContext:AppName": false } }, {}, false],
  [{ Null: { "aws:TagKeys": "true" } }, { "aws:tagkeys": [] }, true],
  // "Null": a value that is the empty string ("The request context").
  [{ Null: { "aws:TagKeys": "false" } }, { "aws:tagkeys": [""] }, false],
]);

// IAM User Guide, "Creating a condition with multiple keys or values".
const attributes = { "dynamodb:Attributes": ["ID", "Message", "Tags"] };
const forbidden = { "dynamodb:Attributes": ["ID", "PostDateTime"] };
check("ForAllValues and ForAnyValue", [
  [{ "ForAllValues:StringEquals": attributes }, { "dynamodb:attributes": ["Message", "Tags", "ID"] }, true],
  [{ "ForAllValues:StringEquals": attributes }, { "dynamodb:attributes": ["ID", "UserName"] }, false],
  [{ "ForAllValues:StringEquals": attributes }, {}, true],
  [{ "ForAllValues:StringEquals": attributes }, { "dynamodb:attributes": [""] }, true],
  [{ "ForAnyValue:StringEquals": forbidden }, { "dynamodb:attributes": ["PostDateTime", "Message"] }, true],
  [{ "ForAnyValue:StringEquals": forbidden }, { "dynamodb:attributes": ["UserName"] }, false],
  [{ "ForAnyValue:StringEquals": forbidden }, {}, false],
  [{ "ForAnyValue:StringEquals": { "a:k": "" } }, { "a:k": [""] }, false],
  [{ "ForAnyValue:StringNotEquals": forbidden }, { "dynamodb:attributes": ["ID", "UserName"] }, true],
  [{ "ForAnyValue:StringNotEquals": forbidden }, { "dynamodb:attributes": ["ID"] }, false],
  [{ "ForAnyValue:StringNotEquals": forbidden }, {}, false],
  [{ "ForAllValues:StringNotEquals": forbidden }, { "dynamodb:attributes": ["UserName", "ID"] }, false],
  [{ "ForAllValues:StringNotEquals": forbidden }, { "dynamodb:attributes": ["UserName"] }, true],
  [{ "ForAnyValue:StringLikeIfExists": { "a:k": "x*" } }, {}, true],
  [
    { "ForAnyValue:StringLike": { "kms:ResourceAliases": "alias/test*" } },
    { "kms:resourcealiases": ["alias/a", "alias/test1"] },
    true,
  ],
]);

check("several operators, keys and values", [
  // The block of the page: AND between operators and keys, OR between values.
  ...(
    [
      ["finance", "audit", "123456789012", true],
      ["Finance", "SECURITY", "123456789012", true],
      ["sales", "audit", "123456789012", false],
      ["finance", "audit", "999999999999", false],
    ] as const
  ).map(
    ([department, role, account, expected]): Case => [
      {
        StringEqualsIgnoreCase: {
          "aws:PrincipalTag/department": ["finance", "hr", "legal"],
          "aws:PrincipalTag/role": ["audit", "security"],
        },
        StringEquals: { "aws:PrincipalAccount": "123456789012" },
      },
      {
        "aws:principaltag/department": [department],
        "aws:principaltag/role": [role],
        "aws:principalaccount": [account],
      },
      expected,
    ],
  ),
  [{}, {}, true],
]);

// KMS Developer Guide, "Case sensitivity of the encryption context condition".
check("kms:EncryptionContext", [
  [
    { StringEquals: { "kms:EncryptionContext:Appname": "ExampleApp" } },
    { "kms:encryptioncontext:appname": ["ExampleApp"] },
    true,
  ],
  [
    { StringEquals: { "kms:EncryptionContext:Appname": "ExampleApp" } },
    { "kms:encryptioncontext:appname": ["exampleapp"] },
    false,
  ],
  [
    { "ForAnyValue:StringEquals": { "kms:EncryptionContextKeys": "AppName" } },
    { "kms:encryptioncontextkeys": ["appname"] },
    false,
  ],
  [{ stringequals: { "KMS:ENCRYPTIONCONTEXT:APPNAME": "x" } }, { "kms:encryptioncontext:appname": ["x"] }, true],
]);

check("prototype names are ordinary keys and values", [
  [{ StringEquals: { "kms:EncryptionContext:__proto__": "x" } }, {}, false],
  [
    { StringEquals: { "kms:EncryptionContext:constructor": "x" } },
    { "kms:encryptioncontext:constructor": ["x"] },
    true,
  ],
  [{ StringEquals: { "a:k": "__proto__" } }, { "a:k": ["toString"] }, false],
]);

const several = { "a:k": ["x", "y"] };
check("several values without a set operator: an Allow needs all to pass", [
  [{ StringEquals: { "a:k": "x" } }, several, false],
  [{ StringEquals: { "a:k": ["x", "y"] } }, several, true],
  [{ StringNotEquals: { "a:k": "x" } }, several, false],
]);
check(
  "several values without a set operator: a Deny needs one to pass",
  [
    [{ StringEquals: { "a:k": "x" } }, several, true],
    [{ StringEquals: { "a:k": "z" } }, several, false],
    [{ StringNotEquals: { "a:k": "x" } }, several, true],
  ],
  "Deny",
);

describe("keys that follow from the caller", () => {
  const session = sessionOf("Engineering", "bob");
  const cases: readonly (readonly [condition: object, principal: typeof session, expected: boolean])[] = [
    [{ ArnEquals: { "aws:PrincipalArn": "arn:aws:iam::111122223333:role/Engineering" } }, session, true],
    [{ ArnEquals: { "aws:PrincipalArn": session.arn } }, session, false],
    [{ StringEquals: { "aws:PrincipalAccount": "111122223333" } }, session, true],
    [{ StringLike: { "aws:userid": "AROAEXAMPLE:*" } }, session, true],
    [{ StringEquals: { "aws:PrincipalType": "AssumedRole" } }, session, true],
    [{ Null: { "aws:username": "true" } }, session, true],
    [{ StringEquals: { "aws:username": "Alice" } }, userOf("team/Alice"), true],
    [{ Bool: { "aws:PrincipalIsAWSService": "false" } }, userOf("Alice"), true],
  ];
  for (const [condition, principal, expected] of cases) {
    it(`${JSON.stringify(condition)} for ${principal.arn} is ${expected}`, () => {
      assert.equal(conditionHolds(condition, {}, "Allow", principal), expected);
    });
  }

  it("gives way to the request's own context", () => {
    const condition = { StringEquals: { "aws:PrincipalAccount": "999999999999" } };
    assert.equal(conditionHolds(condition, { "aws:principalaccount": ["999999999999"] }), true);
  });
});
