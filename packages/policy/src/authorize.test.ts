import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { authorize } from "./authorize.ts";
import { defaultKeyPolicy } from "./default-key-policy.ts";
import {
  account,
  compile,
  compileText,
  keyArn,
  otherAccount,
  requestOf,
  rootOf,
  serviceOf,
  sessionOf,
  userOf,
} from "./policy-fixtures.ts";
import type { AuthorizationInput, AuthorizationReason, CompiledPolicy } from "./types.ts";

const alice = userOf("Alice");
const session = sessionOf("Engineering", "bob");
const role = session.roleArn as string;
const rootArn = `arn:aws:iam::${account}:root`;

const byDefault = compileText("key", defaultKeyPolicy(rootArn));
const naming = (principal: object | string) =>
  compile("key", { Effect: "Allow", Principal: principal, Action: "kms:*", Resource: "*" });
const allowAll = compile("identity", { Sid: "all", Effect: "Allow", Action: "kms:*", Resource: "*" });
const allowOther = compile("identity", { Effect: "Allow", Action: "s3:*", Resource: "*" });
const denyAll = compile("identity", { Sid: "none", Effect: "Deny", Action: "kms:*", Resource: "*" });
const limits = (policy: CompiledPolicy, kind: "session" | "boundary") =>
  compile(kind, {
    Effect: policy === denyAll ? "Deny" : "Allow",
    Action: policy === allowOther ? "s3:*" : "kms:*",
    Resource: "*",
  });

type Row = readonly [title: string, change: Partial<AuthorizationInput>, reason: AuthorizationReason];

const allowing: ReadonlySet<AuthorizationReason> = new Set(["key-policy", "grant", "identity-policy", "account-root"]);

function check(title: string, base: AuthorizationInput, rows: readonly Row[]): void {
  describe(title, () => {
    for (const [name, change, reason] of rows) {
      it(`${name}: ${reason}`, () => {
        const decision = authorize({ ...base, ...change });
        assert.equal(decision.reason, reason);
        assert.equal(decision.allowed, allowing.has(reason));
      });
    }
  });
}

const as = (principal: typeof alice, action = "kms:Encrypt") => ({ request: requestOf({ principal, action }) });

// KMS Developer Guide, "Key policies", "Default key policy" and "Troubleshooting key access".
check(
  "a key of the caller's own account",
  { ...as(alice), keyPolicy: byDefault, keyAccount: account, identityPolicies: [] },
  [
    // "Example 1: User is denied access to a KMS key in their AWS account".
    ["the default key policy alone", {}, "implicit-deny"],
    ["the default key policy and an identity policy", { identityPolicies: [allowAll] }, "identity-policy"],
    [
      "the default key policy and an identity policy for something else",
      { identityPolicies: [allowOther] },
      "implicit-deny",
    ],
    // "Without this permission, IAM policies that allow access to the key are ineffective".
    [
      "an identity policy alone",
      { keyPolicy: naming({ AWS: userOf("Bob").arn }), identityPolicies: [allowAll] },
      "implicit-deny",
    ],
    // "although IAM policies that deny access to the key are still effective".
    [
      "a denying identity policy",
      { keyPolicy: naming({ AWS: alice.arn }), identityPolicies: [denyAll] },
      "explicit-deny",
    ],
    ["a key policy that names the user", { keyPolicy: naming({ AWS: alice.arn }) }, "key-policy"],
    ["a key policy that names everybody", { keyPolicy: naming("*") }, "key-policy"],
    [
      "a key policy that names the role of the session",
      { ...as(session), keyPolicy: naming({ AWS: role }) },
      "key-policy",
    ],
    ["the root user with the default key policy", as(rootOf()), "key-policy"],
    // "No AWS principal, including the account root user or key creator, has any permissions to a KMS key unless ..."
    [
      "the root user that no statement names",
      { ...as(rootOf()), keyPolicy: naming({ AWS: alice.arn }) },
      "implicit-deny",
    ],
    [
      "the root user denied by the key policy",
      {
        ...as(rootOf()),
        keyPolicy: compile(
          "key",
          { Effect: "Allow", Principal: { AWS: rootArn }, Action: "kms:*", Resource: "*" },
          { Effect: "Deny", Principal: "*", Action: "kms:Encrypt", Resource: "*" },
        ),
      },
      "explicit-deny",
    ],
    ["a grant", { grantAllows: true }, "grant"],
    ["a grant and a denying identity policy", { grantAllows: true, identityPolicies: [denyAll] }, "explicit-deny"],
    ["a grant that does not allow", { grantAllows: false }, "implicit-deny"],
    [
      "a service that the key policy names",
      { ...as(serviceOf("s3.amazonaws.com")), keyPolicy: naming({ Service: "s3.amazonaws.com" }) },
      "key-policy",
    ],
    ["a service that it does not name", as(serviceOf("s3.amazonaws.com")), "implicit-deny"],
    [
      "a key whose account is not told counts as another's",
      { keyAccount: undefined as never, keyPolicy: naming({ AWS: alice.arn }) },
      "identity-implicit-deny",
    ],
  ],
);

// IAM User Guide, "Determining whether a request is allowed or denied within an account".
const silentBoundary = limits(allowOther, "boundary");
const silentSession = [limits(allowOther, "session")];
check(
  "boundaries and session policies, in the own account",
  { ...as(session), keyPolicy: byDefault, keyAccount: account, identityPolicies: [allowAll] },
  [
    ["a boundary that allows", { boundary: limits(allowAll, "boundary") }, "identity-policy"],
    ["a boundary that does not", { boundary: silentBoundary }, "boundary-implicit-deny"],
    [
      "session policies of which one allows",
      { sessionPolicies: [...silentSession, limits(allowAll, "session")] },
      "identity-policy",
    ],
    ["session policies that do not", { sessionPolicies: silentSession }, "session-implicit-deny"],
    ["no session policy in the list", { sessionPolicies: [] }, "session-implicit-deny"],
    [
      "an allowing session policy grants nothing itself",
      { identityPolicies: [], sessionPolicies: [limits(allowAll, "session")] },
      "implicit-deny",
    ],
    // Naming the role: limited. Naming the session, the user or everybody: not.
    [
      "the role named, a silent boundary",
      { keyPolicy: naming({ AWS: role }), boundary: silentBoundary },
      "boundary-implicit-deny",
    ],
    [
      "the role named, silent session policies",
      { keyPolicy: naming({ AWS: role }), sessionPolicies: silentSession },
      "session-implicit-deny",
    ],
    [
      "the session named, both silent",
      { keyPolicy: naming({ AWS: session.arn }), boundary: silentBoundary, sessionPolicies: silentSession },
      "key-policy",
    ],
    [
      "everybody named, both silent",
      { keyPolicy: naming("*"), boundary: silentBoundary, sessionPolicies: silentSession },
      "key-policy",
    ],
    [
      "the user named, a silent boundary",
      { ...as(alice), keyPolicy: naming({ AWS: alice.arn }), boundary: silentBoundary },
      "key-policy",
    ],
    // "if a resource-based policy grants permission to the ARN of the IAM user who federated, then requests [...] are limited".
    [
      "the user named, in a federated session",
      { ...as(alice), keyPolicy: naming({ AWS: alice.arn }), sessionPolicies: silentSession },
      "session-implicit-deny",
    ],
    [
      "everybody and the user named, in a federated session",
      {
        ...as(alice),
        keyPolicy: compile(
          "key",
          { Effect: "Allow", Principal: { AWS: alice.arn }, Action: "kms:*", Resource: "*" },
          { Effect: "Allow", Principal: "*", Action: "kms:*", Resource: "*" },
        ),
        sessionPolicies: silentSession,
      },
      "key-policy",
    ],
    ["a grant, a silent boundary", { grantAllows: true, boundary: silentBoundary }, "boundary-implicit-deny"],
    // An explicit deny anywhere is final, even for who is named.
    [
      "a denying boundary",
      { keyPolicy: naming({ AWS: session.arn }), boundary: limits(denyAll, "boundary") },
      "explicit-deny",
    ],
    [
      "a denying session policy",
      { keyPolicy: naming("*"), sessionPolicies: [limits(denyAll, "session")] },
      "explicit-deny",
    ],
  ],
);

// IAM User Guide, "Cross-account policy evaluation logic"; KMS Developer Guide, "Allowing users in other accounts to use a
// KMS key" and its "Example 2: User assumes role with permission to use a KMS key in a different AWS account".
const engineering = compile("identity", {
  Effect: "Allow",
  Action: [
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncrypt*",
    "kms:GenerateDataKey*",
    "kms:DescribeKey",
    "kms:PutKeyPolicy",
  ],
  Resource: keyArn,
});
const stranger = sessionOf("Engineering", "bob", otherAccount);
const sharing = compile(
  "key",
  { Sid: "own", Effect: "Allow", Principal: { AWS: rootArn }, Action: "kms:*", Resource: "*" },
  {
    Sid: "shared",
    Effect: "Allow",
    Principal: { AWS: `arn:aws:iam::${otherAccount}:root` },
    Action: "kms:*",
    Resource: "*",
  },
);
check(
  "a key of another account",
  { ...as(stranger), keyPolicy: sharing, keyAccount: account, identityPolicies: [engineering] },
  [
    ["both sides allow", {}, "identity-policy"],
    ["the key policy alone, naming the account", { identityPolicies: [] }, "identity-implicit-deny"],
    [
      "the key policy alone, naming the role",
      { keyPolicy: naming({ AWS: stranger.roleArn as string }), identityPolicies: [] },
      "identity-implicit-deny",
    ],
    [
      "the key policy alone, naming everybody",
      { keyPolicy: naming("*"), identityPolicies: [] },
      "identity-implicit-deny",
    ],
    ["the identity policy alone", { keyPolicy: byDefault }, "implicit-deny"],
    [
      "naming the role, and an identity policy",
      { keyPolicy: naming({ AWS: stranger.roleArn as string }) },
      "identity-policy",
    ],
    [
      "an identity policy for another key",
      { identityPolicies: [compile("identity", { Effect: "Allow", Action: "kms:*", Resource: `${keyArn}0` })] },
      "identity-implicit-deny",
    ],
    ["the other account's root", { ...as(rootOf(otherAccount)), identityPolicies: [] }, "account-root"],
    ["a denying identity policy", { identityPolicies: [engineering, denyAll] }, "explicit-deny"],
    ["a silent boundary", { boundary: silentBoundary }, "boundary-implicit-deny"],
    [
      "a silent session policy though the session is named",
      { keyPolicy: naming({ AWS: stranger.arn }), sessionPolicies: silentSession },
      "session-implicit-deny",
    ],
    ["a grant", { keyPolicy: byDefault, identityPolicies: [], grantAllows: true }, "grant"],
    // "If you give a user in a different account permission for other operations, those permissions have no effect."
    ["an action that does not cross accounts", as(stranger, "kms:PutKeyPolicy"), "cross-account-unsupported"],
    ["DescribeKey", as(stranger, "kms:DescribeKey"), "identity-policy"],
  ],
);

check("an action without a key", { ...as(alice, "kms:CreateKey"), identityPolicies: [] }, [
  ["nothing allows", {}, "implicit-deny"],
  ["an identity policy", { identityPolicies: [allowOther, allowAll] }, "identity-policy"],
  ["a denying one beside it", { identityPolicies: [allowAll, denyAll] }, "explicit-deny"],
  ["the root user", as(rootOf(), "kms:CreateKey"), "account-root"],
  [
    "the root user with a silent session policy",
    { ...as(rootOf(), "kms:CreateKey"), sessionPolicies: silentSession },
    "session-implicit-deny",
  ],
  ["a silent boundary", { identityPolicies: [allowAll], boundary: silentBoundary }, "boundary-implicit-deny"],
  ["a service", as(serviceOf("s3.amazonaws.com"), "kms:CreateKey"), "implicit-deny"],
]);

describe("authorize names what decided", () => {
  const base = { ...as(alice), keyPolicy: byDefault, keyAccount: account };

  it("the identity statement", () => {
    const { by } = authorize({ ...base, identityPolicies: [allowOther, allowAll] });
    assert.deepEqual(by, { source: "identity-policy", policy: 1, statement: 0, sid: "all" });
  });

  it("the key policy statement", () => {
    const { by } = authorize({ ...base, ...as(rootOf()), identityPolicies: [] });
    assert.deepEqual(by, { source: "key-policy", statement: 0, sid: "Enable IAM User Permissions" });
  });

  it("the denying statement", () => {
    const { by } = authorize({ ...base, identityPolicies: [allowAll, denyAll] });
    assert.deepEqual(by, { source: "identity-policy", policy: 1, statement: 0, sid: "none" });
  });

  it("a boundary, without a number", () => {
    const { by } = authorize({ ...base, identityPolicies: [allowAll], boundary: limits(denyAll, "boundary") });
    assert.deepEqual(by, { source: "boundary", statement: 0 });
  });

  it("a grant, and nothing where nothing matched", () => {
    assert.deepEqual(authorize({ ...base, identityPolicies: [], grantAllows: true }).by, { source: "grant" });
    assert.equal(authorize({ ...base, identityPolicies: [] }).by, undefined);
  });
});

describe("the default key policy", () => {
  // The text of AWS KMS API Reference, GetKeyPolicy, as the AWS CLI prints it.
  it("is AWS's, byte for byte", () => {
    const expected =
      '{\n  "Version" : "2012-10-17",\n  "Id" : "key-default-1",\n  "Statement" : [ {\n' +
      '    "Sid" : "Enable IAM User Permissions",\n    "Effect" : "Allow",\n    "Principal" : {\n' +
      '      "AWS" : "arn:aws:iam::111122223333:root"\n    },\n    "Action" : "kms:*",\n    "Resource" : "*"\n  } ]\n}';
    assert.equal(defaultKeyPolicy("arn:aws:iam::111122223333:root"), expected);
  });
});
