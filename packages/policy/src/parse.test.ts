// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how policy variables are written.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { maxKeyPolicyBytes, parsePolicy } from "./parse.ts";
import { compileText, problemOf } from "./policy-fixtures.ts";
import type { PolicyKind } from "./types.ts";

const kinds: readonly PolicyKind[] = ["identity", "key", "session", "boundary"];
const root = "arn:aws:iam::111122223333:root";
const keyStatement = { Effect: "Allow", Principal: { AWS: root }, Action: "kms:*", Resource: "*" };
const identityStatement = { Effect: "Allow", Action: "kms:*", Resource: "*" };

function keyPolicy(change: object): object {
  return { Version: "2012-10-17", Statement: [{ ...keyStatement, ...change }] };
}

function identityPolicy(change: object): object {
  return { Version: "2012-10-17", Statement: [{ ...identityStatement, ...change }] };
}

function isAccepted(kind: PolicyKind, document: unknown): boolean {
  return parsePolicy(JSON.stringify(document), kind).ok;
}

describe("parsePolicy accepts", () => {
  const cases: readonly (readonly [title: string, kind: PolicyKind, document: object])[] = [
    ["one statement without a list", "identity", { Version: "2012-10-17", Statement: identityStatement }],
    ["a document without Version", "identity", { Statement: [identityStatement] }],
    ["version 2008-10-17", "key", { Version: "2008-10-17", Id: "x", Statement: [keyStatement] }],
    ["Sids with spaces in key policies", "key", keyPolicy({ Sid: "Enable IAM User Permissions" })],
    [
      "NotAction and NotResource",
      "identity",
      { Statement: { Effect: "Deny", NotAction: "iam:*", NotResource: "arn:aws:s3:::b" } },
    ],
    ["NotPrincipal with Deny", "key", { Statement: { Effect: "Deny", NotPrincipal: "*", Action: "*", Resource: "*" } }],
    // KMS Developer Guide, "Elements in a key policy": accepted, without effect.
    ["a key policy statement without Resource", "key", { Statement: { Effect: "Allow", Principal: "*", Action: "*" } }],
    ["an empty Condition", "key", keyPolicy({ Condition: {} })],
    [
      "actions of other services, and unknown ones",
      "identity",
      identityPolicy({ Action: ["ec2:Describe*", "kms:NoSuch"] }),
    ],
    [
      "numbers and booleans in conditions",
      "key",
      keyPolicy({ Condition: { Bool: { "a:b": true }, NumericEquals: { "a:c": 5 } } }),
    ],
    ["an account number", "key", keyPolicy({ Principal: { AWS: "111122223333" } })],
    ["an everybody", "key", keyPolicy({ Principal: { AWS: "*" } })],
    ["a path", "key", keyPolicy({ Principal: { AWS: "arn:aws:iam::111122223333:role/service-role/team/x" } })],
    ["a session", "key", keyPolicy({ Principal: { AWS: "arn:aws:sts::111122223333:assumed-role/r/s@example.com" } })],
    ["a federated session", "key", keyPolicy({ Principal: { AWS: "arn:aws:sts::111122223333:federated-user/bob" } })],
    ["services", "key", keyPolicy({ Principal: { Service: ["s3.amazonaws.com", "logs.us-east-1.amazonaws.com"] } })],
    ["an identity provider", "key", keyPolicy({ Principal: { Federated: "cognito-identity.amazonaws.com" } })],
    ["a canonical user", "key", keyPolicy({ Principal: { CanonicalUser: "79a59df900b949e55d96a1e698fbaced" } })],
    [
      "a key of an OIDC provider",
      "identity",
      identityPolicy({ Condition: { StringEquals: { "oidc.example.com/id/X:sub": "y" } } }),
    ],
  ];
  for (const [title, kind, document] of cases) {
    it(title, () => {
      compileText(kind, JSON.stringify(document));
    });
  }
});

describe("parsePolicy refuses", () => {
  const s0 = "Statement[0]";
  const cases: readonly (readonly [
    title: string,
    kind: PolicyKind,
    document: unknown,
    path: string,
    reason: RegExp,
  ])[] = [
    ["a list", "key", [], "", /must be an object/],
    ["null", "key", null, "", /must be an object/],
    ["an unknown top element", "key", { ...keyPolicy({}), Statements: [] }, "", /unknown element: "Statements"/],
    ["elements in another case", "key", { version: "2012-10-17", Statement: [keyStatement] }, "", /unknown element/],
    ["an unknown version", "key", { Version: "2020-01-01", Statement: [keyStatement] }, "Version", /must be/],
    ["a version that is no string", "key", { Version: 20121017, Statement: [keyStatement] }, "Version", /string/],
    ["Id in an identity policy", "identity", { Id: "x", Statement: [identityStatement] }, "", /unknown element: "Id"/],
    ["no Statement", "key", { Version: "2012-10-17" }, "Statement", /missing/],
    ["an empty Statement", "key", { Statement: [] }, "Statement", /at least one/],
    ["a statement that is no object", "key", { Statement: ["x"] }, s0, /must be an object/],
    ["an unknown element", "key", keyPolicy({ Conditions: {} }), s0, /unknown element: "Conditions"/],
    [
      "an element named __proto__",
      "key",
      `{"Statement":[{"__proto__":{"Effect":"Allow"}}]}`,
      s0,
      /unknown element: "__proto__"/,
    ],
    ["no Effect", "key", keyPolicy({ Effect: undefined }), `${s0}.Effect`, /Allow/],
    ["an effect in lower case", "key", keyPolicy({ Effect: "allow" }), `${s0}.Effect`, /Allow/],
    ["a Sid of a wrong type", "key", keyPolicy({ Sid: 1 }), `${s0}.Sid`, /string/],
    [
      "a Sid with spaces in an identity policy",
      "identity",
      identityPolicy({ Sid: "a b" }),
      `${s0}.Sid`,
      /letters and digits/,
    ],
    ["no Principal in a key policy", "key", { Statement: [identityStatement] }, `${s0}.Principal`, /missing/],
    [
      "Principal in an identity policy",
      "identity",
      { Statement: [keyStatement] },
      `${s0}.Principal`,
      /does not belong/,
    ],
    [
      "NotPrincipal in a boundary",
      "boundary",
      identityPolicy({ NotPrincipal: "*" }),
      `${s0}.NotPrincipal`,
      /does not belong/,
    ],
    [
      "NotPrincipal with Allow",
      "key",
      keyPolicy({ Principal: undefined, NotPrincipal: { AWS: root } }),
      `${s0}.NotPrincipal`,
      /Allow/,
    ],
    ["Principal and NotPrincipal", "key", keyPolicy({ NotPrincipal: "*" }), s0, /both/],
    ["a principal that is a bare ARN", "key", keyPolicy({ Principal: root }), `${s0}.Principal`, /object/],
    ["an empty principal", "key", keyPolicy({ Principal: {} }), `${s0}.Principal`, /empty/],
    ["an empty list of principals", "key", keyPolicy({ Principal: { AWS: [] } }), `${s0}.Principal.AWS`, /empty/],
    ["an unknown type of principal", "key", keyPolicy({ Principal: { aws: root } }), `${s0}.Principal`, /unknown/],
    ["no Action", "key", keyPolicy({ Action: undefined }), `${s0}.Action`, /missing/],
    ["Action and NotAction", "key", keyPolicy({ NotAction: "x:y" }), s0, /both/],
    ["an empty list of actions", "key", keyPolicy({ Action: [] }), `${s0}.Action`, /empty/],
    ["an action without a vendor", "key", keyPolicy({ Action: "Encrypt" }), `${s0}.Action`, /vendor:Action/],
    ["an action with two colons", "key", keyPolicy({ Action: "kms:a:b" }), `${s0}.Action`, /vendor:Action/],
    ["an action that is a number", "key", keyPolicy({ Action: [1] }), `${s0}.Action`, /string/],
    [
      "no Resource in an identity policy",
      "identity",
      identityPolicy({ Resource: undefined }),
      `${s0}.Resource`,
      /missing/,
    ],
    ["Resource and NotResource", "identity", identityPolicy({ NotResource: "*" }), s0, /both/],
    ["a resource that is no ARN", "identity", identityPolicy({ Resource: "key/1" }), `${s0}.Resource`, /ARN/],
    ["an empty list of resources", "identity", identityPolicy({ Resource: [] }), `${s0}.Resource`, /empty/],
    ["a Condition of a wrong type", "key", keyPolicy({ Condition: [] }), `${s0}.Condition`, /object/],
    [
      "an unknown operator",
      "key",
      keyPolicy({ Condition: { StringIs: { "a:b": "c" } } }),
      `${s0}.Condition`,
      /unknown operator: "StringIs"/,
    ],
    [
      "IfExists on Null",
      "key",
      keyPolicy({ Condition: { NullIfExists: { "a:b": "true" } } }),
      `${s0}.Condition`,
      /unknown operator/,
    ],
    [
      "a set operator on Null",
      "key",
      keyPolicy({ Condition: { "ForAnyValue:Null": { "a:b": "true" } } }),
      `${s0}.Condition`,
      /operator/,
    ],
    [
      "an unknown set operator",
      "key",
      keyPolicy({ Condition: { "ForNoValue:StringLike": { "a:b": "c" } } }),
      `${s0}.Condition`,
      /operator/,
    ],
    [
      "a set operator alone",
      "key",
      keyPolicy({ Condition: { "ForAnyValue:": { "a:b": "c" } } }),
      `${s0}.Condition`,
      /operator/,
    ],
    ["IfExists alone", "key", keyPolicy({ Condition: { IfExists: { "a:b": "c" } } }), `${s0}.Condition`, /operator/],
    [
      "a condition key without a vendor",
      "key",
      keyPolicy({ Condition: { Bool: { x: "true" } } }),
      `${s0}.Condition.Bool`,
      /vendor/,
    ],
    ["no condition values", "key", keyPolicy({ Condition: { Bool: { "a:b": [] } } }), `${s0}.Condition.Bool`, /empty/],
    [
      "a condition value that is null",
      "key",
      keyPolicy({ Condition: { StringEquals: { "a:b": null } } }),
      `${s0}.Condition.StringEquals`,
      /string/,
    ],
    [
      "a condition value that is an object",
      "key",
      keyPolicy({ Condition: { StringEquals: { "a:b": {} } } }),
      `${s0}.Condition.StringEquals`,
      /string/,
    ],
    [
      "a boolean that is none",
      "key",
      keyPolicy({ Condition: { Bool: { "a:b": "yes" } } }),
      `${s0}.Condition.Bool`,
      /true/,
    ],
    [
      "a number that is none",
      "key",
      keyPolicy({ Condition: { NumericEquals: { "a:b": "x" } } }),
      `${s0}.Condition.NumericEquals`,
      /number/,
    ],
    [
      "a number past 2^53",
      "key",
      keyPolicy({ Condition: { StringEquals: { "a:b": 2 ** 53 } } }),
      `${s0}.Condition.StringEquals`,
      /too large/,
    ],
    [
      "a date that is none",
      "key",
      keyPolicy({ Condition: { DateEquals: { "a:b": "soon" } } }),
      `${s0}.Condition.DateEquals`,
      /date/,
    ],
    [
      "a range that is none",
      "key",
      keyPolicy({ Condition: { IpAddress: { "a:b": "1.2.3.4/99" } } }),
      `${s0}.Condition.IpAddress`,
      /CIDR/,
    ],
    [
      "an ARN that is none",
      "key",
      keyPolicy({ Condition: { ArnLike: { "a:b": "arn:aws:s3" } } }),
      `${s0}.Condition.ArnLike`,
      /ARN/,
    ],
    [
      "base64 that is none",
      "key",
      keyPolicy({ Condition: { BinaryEquals: { "a:b": "=" } } }),
      `${s0}.Condition.BinaryEquals`,
      /base64/,
    ],
    ["nesting past the language's", "key", keyPolicy({ Action: [[[[[[["x"]]]]]]] }), "", /nested too deeply/],
  ];
  for (const [title, kind, document, path, reason] of cases) {
    it(title, () => {
      const problem = problemOf(kind, document);
      assert.equal(problem.path, path);
      assert.match(problem.reason, reason);
    });
  }

  const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"];
  for (const name of names) {
    it(`the name ${name} as an operator, a principal type and a condition key`, () => {
      const operator = `{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"${name}":{"a:b":"c"}}}}`;
      assert.match(problemOf("key", operator).reason, /unknown operator/);
      const principal = `{"Statement":{"Effect":"Allow","Principal":{"${name}":"*"},"Action":"*","Resource":"*"}}`;
      assert.match(problemOf("key", principal).reason, /unknown element/);
      const key = `{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"Bool":{"${name}":"true"}}}}`;
      assert.match(problemOf("key", key).reason, /vendor/);
    });
  }

  const badPrincipals = [
    "",
    "11112222333",
    "1111222233334",
    "arn:aws:iam::111122223333:user/*",
    "arn:aws:iam::111122223333:role/Team?",
    "arn:aws:iam::*:root",
    "arn:aws:sts::111122223333:assumed-role/r/*",
    "arn:aws:sts::111122223333:assumed-role/r",
    "arn:aws:iam::111122223333:group/admins",
    "arn:aws:iam::111122223333:user/",
    "arn:aws:iam::111122223333:user/team/",
    "arn:aws:iam::11112222:root",
    "arn:aws:iam:us-east-1:111122223333:root",
    "arn:aws-us-gov:iam::111122223333:root",
    "arn:aws:s3:::bucket",
    " arn:aws:iam::111122223333:root",
    "arn:aws:iam::111122223333:root\n",
    "AIDAEXAMPLE",
    "**",
  ];
  for (const name of badPrincipals) {
    it(`the principal ${JSON.stringify(name)}`, () => {
      assert.equal(problemOf("key", keyPolicy({ Principal: { AWS: name } })).path, `${s0}.Principal.AWS`);
      assert.equal(isAccepted("key", keyPolicy({ Principal: { AWS: [root, name] } })), false);
    });
  }
  for (const name of ["*", "s3", "s3.amazonaws.com/x", "*.amazonaws.com", "S3.amazonaws.com", ""]) {
    it(`the service ${JSON.stringify(name)}`, () => {
      assert.equal(problemOf("key", keyPolicy({ Principal: { Service: name } })).path, `${s0}.Principal.Service`);
    });
  }

  it("a doubled key anywhere", () => {
    for (const text of [
      '{"Version":"2012-10-17","Version":"2012-10-17","Statement":{}}',
      `{"Statement":{"Effect":"Deny","Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`,
      `{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"Bool":{"a:b":"true","a:b":"false"}}}}`,
      `{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"Bool":{"a:b":"true"},"Bool":{}}}}`,
    ]) {
      assert.match(problemOf("key", text).reason, /^duplicate key at character \d+$/);
    }
  });

  it("what is no JSON, and an empty text", () => {
    for (const text of ["", "{", "policy", "{'Version':'2012-10-17'}"]) {
      assert.match(problemOf("identity", text).reason, /^invalid JSON at character/);
    }
  });

  it("the same Sid twice in an identity policy, not in a key policy", () => {
    const twice = (statement: object) => ({
      Statement: [
        { ...statement, Sid: "a" },
        { ...statement, Sid: "a" },
      ],
    });
    assert.deepEqual(problemOf("identity", twice(identityStatement)), {
      statement: 1,
      sid: "a",
      path: "Statement[1].Sid",
      reason: "is the Sid of another statement too",
    });
    assert.equal(isAccepted("key", twice(keyStatement)), true);
  });

  it("a key policy of more than 32,768 bytes of UTF-8", () => {
    const fill = (text: string) => keyPolicy({ Sid: text });
    const room = maxKeyPolicyBytes - JSON.stringify(fill("")).length;
    assert.equal(isAccepted("key", fill("x".repeat(room))), true);
    assert.match(problemOf("key", fill("x".repeat(room + 1))).reason, /32768/);
    assert.match(problemOf("key", fill("\u00e9".repeat(room - 10))).reason, /32768/);
  });

  it("an identity policy of more than 10,240 characters, white space apart", () => {
    const fill = (text: string) => identityPolicy({ Sid: text });
    assert.equal(isAccepted("identity", fill("x".repeat(10_000))), true);
    assert.equal(parsePolicy(JSON.stringify(fill("x".repeat(9_000)), null, 400), "identity").ok, true);
    assert.match(problemOf("identity", fill("x".repeat(10_241))).reason, /10240/);
  });

  it("characters outside of Latin-1 in a key policy", () => {
    assert.match(problemOf("key", keyPolicy({ Sid: "\u20ac" })).reason, /Latin-1/);
    assert.equal(isAccepted("key", keyPolicy({ Sid: "\u00fc" })), true);
  });

  it("with a place that names statement and Sid, and without control characters in the reason", () => {
    const bad = { ...keyStatement, Sid: "second", Action: "x\u0007y" };
    const problem = problemOf("key", { Statement: [keyStatement, bad] });
    assert.deepEqual([problem.statement, problem.sid, problem.path], [1, "second", "Statement[1].Action"]);
    assert.match(problem.reason, /^[\x20-\x7e]+$/);
  });
});

describe("parsePolicy never throws", () => {
  const word = fc.constantFrom(
    ...["Version", "Id", "Statement", "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource"],
    ...["NotResource", "Condition", "AWS", "Service", "StringLike", "ForAnyValue:StringEquals", "Null", "IpAddress"],
    ...["Allow", "Deny", "2012-10-17", "*", "kms:*", root, "aws:SourceIp", "1.2.3.4/8", "${aws:username}", "__proto__"],
  );
  const leaf = fc.oneof(word, fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(fc.oneof({ arbitrary: word, weight: 9 }, { arbitrary: fc.string(), weight: 1 }), tie("tree"), {
        maxKeys: 6,
      }),
    ),
  }));

  it("for anything made of policy words", () => {
    fc.assert(
      fc.property(tree, fc.constantFrom(...kinds), (document, kind) => {
        const result = parsePolicy(JSON.stringify(document) ?? "", kind);
        assert.equal(typeof result.ok, "boolean");
        if (!result.ok) assert.ok(result.problem.reason.length > 0);
      }),
      { numRuns: 2000 },
    );
  });

  it("for a statement with any one element replaced", () => {
    const elements = ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"] as const;
    fc.assert(
      fc.property(fc.constantFrom(...elements), tree, fc.constantFrom(...kinds), (element, value, kind) => {
        parsePolicy(JSON.stringify(keyPolicy({ [element]: value })), kind);
        parsePolicy(JSON.stringify(identityPolicy({ [element]: value })), kind);
      }),
      { numRuns: 2000 },
    );
  });

  it("for any text", () => {
    fc.assert(fc.property(fc.string(), fc.constantFrom(...kinds), (text, kind) => void parsePolicy(text, kind)));
  });
});

describe("parsePolicy bounds what an evaluation can cost", () => {
  const withHoles = (count: number) =>
    identityPolicy({ Condition: { StringLike: { "aws:userid": `*${"?".repeat(count)}x*` } } });

  it("takes 512 single-character wildcards and no more", () => {
    assert.ok(isAccepted("identity", withHoles(512)));
    assert.ok(!isAccepted("identity", withHoles(513)));
  });
});
