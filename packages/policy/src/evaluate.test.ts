import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { evaluatePolicy } from "./evaluate.ts";
import { parsePolicy } from "./parse.ts";
import {
  account,
  compile,
  keyArn,
  otherAccount,
  requestOf,
  rootOf,
  serviceOf,
  sessionOf,
  userOf,
} from "./policy-fixtures.ts";
import type { CompiledPolicy, PolicyPrincipal, PrincipalMatch } from "./types.ts";

const alice = userOf("Alice");
const session = sessionOf("Engineering", "bob");
const roleArn = `arn:aws:iam::${account}:role/Engineering`;
const rootArn = `arn:aws:iam::${account}:root`;

function evaluateKey(principal: object | string, caller: PolicyPrincipal) {
  const policy = compile("key", { Effect: "Allow", Principal: principal, Action: "kms:*", Resource: "*" });
  return evaluatePolicy(policy, requestOf({ principal: caller }));
}

describe("Principal", () => {
  // IAM User Guide, "AWS JSON policy elements: Principal".
  const cases: readonly (readonly [
    principal: object | string,
    caller: PolicyPrincipal,
    match: PrincipalMatch | undefined,
  ])[] = [
    ["*", alice, "wildcard"],
    [{ AWS: "*" }, userOf("Eve", otherAccount), "wildcard"],
    [{ AWS: "*" }, serviceOf("s3.amazonaws.com"), "wildcard"],
    [{ AWS: alice.arn }, alice, "exact"],
    [{ AWS: alice.arn }, userOf("alice"), undefined],
    [{ AWS: alice.arn }, userOf("Alice", otherAccount), undefined],
    [{ AWS: ["arn:aws:iam::999999999999:root", alice.arn] }, alice, "exact"],
    [{ AWS: account }, alice, "account"],
    [{ AWS: rootArn }, alice, "account"],
    [{ AWS: rootArn }, session, "account"],
    [{ AWS: rootArn }, rootOf(), "exact"],
    [{ AWS: account }, rootOf(), "exact"],
    [{ AWS: rootArn }, rootOf(otherAccount), undefined],
    [{ AWS: rootArn }, userOf("Alice", otherAccount), undefined],
    [{ AWS: roleArn }, session, "exact"],
    [{ AWS: roleArn }, sessionOf("Engineering", "carol"), "exact"],
    [{ AWS: roleArn }, sessionOf("Sales", "bob"), undefined],
    [{ AWS: roleArn }, sessionOf("Engineering", "bob", otherAccount), undefined],
    [{ AWS: session.arn }, session, "exact"],
    [{ AWS: session.arn }, sessionOf("Engineering", "carol"), undefined],
    [{ Service: "s3.amazonaws.com" }, serviceOf("s3.amazonaws.com"), "service"],
    [{ Service: "s3.amazonaws.com" }, serviceOf("sqs.amazonaws.com"), undefined],
    [{ Service: "s3.amazonaws.com" }, alice, undefined],
    [{ AWS: rootArn }, { ...serviceOf("s3.amazonaws.com"), account }, undefined],
    [{ Federated: "accounts.google.com" }, alice, undefined],
    [{ AWS: [rootArn, alice.arn] }, alice, "exact"],
    [{ AWS: [alice.arn, "*"] }, alice, "wildcard"],
  ];
  for (const [principal, caller, match] of cases) {
    it(`${JSON.stringify(principal)} meets ${caller.arn}: ${match}`, () => {
      assert.equal(evaluateKey(principal, caller).allows?.principalMatch, match);
    });
  }

  it("tells naming the caller, its account and its role apart", () => {
    const flags = (principal: object | string, caller: PolicyPrincipal) => {
      const { allowsExactly, allowsAccount, allowsDirectly } = evaluateKey(principal, caller);
      return [allowsExactly, allowsAccount, allowsDirectly];
    };
    assert.deepEqual(flags({ AWS: alice.arn }, alice), [true, false, true]);
    assert.deepEqual(flags({ AWS: rootArn }, alice), [false, true, false]);
    assert.deepEqual(flags({ AWS: rootArn }, rootOf()), [true, false, true]);
    assert.deepEqual(flags({ AWS: roleArn }, session), [true, false, false]);
    assert.deepEqual(flags({ AWS: session.arn }, session), [true, false, true]);
    assert.deepEqual(flags("*", session), [true, false, true]);
    assert.deepEqual(flags({ AWS: alice.arn }, session), [false, false, false]);
  });
});

describe("NotPrincipal with Deny", () => {
  // IAM User Guide, "AWS JSON policy elements: NotPrincipal": both of its examples, and what they warn of.
  const bob = userOf("Bob", otherAccount);
  const otherRoot = `arn:aws:iam::${otherAccount}:root`;
  const audit = sessionOf("cross-account-read-only-role", "cross-account-audit-app", otherAccount);
  const auditRole = audit.roleArn as string;
  const cases: readonly (readonly [not: object | string, caller: PolicyPrincipal, denied: boolean])[] = [
    [{ AWS: [bob.arn, otherRoot] }, bob, false],
    [{ AWS: [bob.arn, otherRoot] }, userOf("Eve", otherAccount), true],
    [{ AWS: [bob.arn, otherRoot] }, alice, true],
    [{ AWS: [bob.arn, otherRoot] }, rootOf(otherAccount), false],
    [{ AWS: bob.arn }, bob, true],
    [{ AWS: otherRoot }, bob, true],
    [{ AWS: [audit.arn, auditRole, otherRoot] }, audit, false],
    [{ AWS: [audit.arn, otherRoot] }, audit, true],
    [{ AWS: [auditRole, otherRoot] }, audit, true],
    [{ AWS: [audit.arn, auditRole] }, audit, true],
    [{ Service: "s3.amazonaws.com" }, serviceOf("s3.amazonaws.com"), false],
    [{ Service: "s3.amazonaws.com" }, alice, true],
    ["*", alice, false],
  ];
  for (const [not, caller, denied] of cases) {
    it(`${JSON.stringify(not)} ${denied ? "denies" : "exempts"} ${caller.arn}`, () => {
      const policy = compile("key", { Effect: "Deny", NotPrincipal: not, Action: "*", Resource: "*" });
      assert.equal(evaluatePolicy(policy, requestOf({ principal: caller })).denies !== undefined, denied);
    });
  }
});

describe("Action and NotAction", () => {
  const cases: readonly (readonly [element: object, action: string, expected: boolean])[] = [
    [{ Action: "kms:Encrypt" }, "kms:Encrypt", true],
    // "The prefix and the action name are case insensitive" (IAM User Guide, Action).
    [{ Action: "KMS:encrypt" }, "kms:Encrypt", true],
    [{ Action: "kms:Encrypt" }, "KMS:ENCRYPT", true],
    [{ Action: "kms:Encrypt" }, "kms:EncryptMore", false],
    [{ Action: "kms:*" }, "kms:Encrypt", true],
    [{ Action: "kms:*" }, "kmsx:Encrypt", false],
    [{ Action: "*" }, "kms:Encrypt", true],
    [{ Action: "*:*" }, "kms:Encrypt", true],
    [{ Action: "kms:ReEncrypt*" }, "kms:ReEncryptFrom", true],
    [{ Action: "kms:GenerateDataKey*" }, "kms:GenerateDataKeyPairWithoutPlaintext", true],
    [{ Action: "kms:*DataKey" }, "kms:GenerateDataKeyPair", false],
    [{ Action: "iam:*AccessKey*" }, "iam:CreateAccessKey", true],
    [{ Action: "kms:Enable?ey" }, "kms:EnableKey", true],
    [{ Action: ["s3:*", "kms:Decrypt"] }, "kms:Decrypt", true],
    [{ NotAction: "kms:Decrypt" }, "kms:Decrypt", false],
    [{ NotAction: "kms:Decrypt" }, "kms:Encrypt", true],
    [{ NotAction: ["iam:*", "kms:De*"] }, "kms:DescribeKey", false],
    [{ NotAction: "*" }, "kms:Encrypt", false],
    [{ Action: "kms:Encrypt" }, "__proto__", false],
  ];
  for (const [element, action, expected] of cases) {
    it(`${JSON.stringify(element)} ${expected ? "covers" : "does not cover"} ${action}`, () => {
      const policy = compile("identity", { Effect: "Allow", ...element, Resource: "*" });
      assert.equal(evaluatePolicy(policy, requestOf({ action })).allows !== undefined, expected);
      // The second time it comes out of memory.
      assert.equal(evaluatePolicy(policy, requestOf({ action })).allows !== undefined, expected);
    });
  }

  it("are answered right after more actions than are remembered", () => {
    const policy = compile("identity", { Effect: "Allow", Action: "kms:A1*", Resource: "*" });
    for (let i = 0; i < 2000; i++) {
      const allows = evaluatePolicy(policy, requestOf({ action: `kms:A${i}` })).allows !== undefined;
      assert.equal(allows, String(i).startsWith("1"), `kms:A${i}`);
    }
  });
});

describe("Resource and NotResource", () => {
  // KMS Developer Guide, "Specifying KMS keys in IAM policy statements"; IAM User Guide, Resource and NotResource.
  const payroll = ["arn:aws:s3:::HRBucket/Payroll", "arn:aws:s3:::HRBucket/Payroll/*"];
  const wild = "arn:aws:s3:::DOC-EXAMPLE-BUCKET/*/test/*";
  const cases: readonly (readonly [element: object, resource: string, expected: boolean])[] = [
    [{ Resource: keyArn }, keyArn, true],
    [{ Resource: keyArn }, `${keyArn}c`, false],
    [{ Resource: keyArn.toUpperCase().replace("ARN:", "arn:") }, keyArn, false],
    [{ Resource: "*" }, keyArn, true],
    [{ Resource: `arn:aws:kms:us-west-2:${account}:key/*` }, keyArn, true],
    [{ Resource: `arn:aws:kms:*:${account}:key/*` }, keyArn, true],
    [{ Resource: `arn:aws:kms:*:${otherAccount}:key/*` }, keyArn, false],
    [{ Resource: `arn:aws:kms:us-west-?:${account}:key/*` }, keyArn, true],
    [{ Resource: `arn:aws:kms:*:${account}:alias/*` }, keyArn, false],
    [{ Resource: ["arn:aws:kms:*:999999999999:key/*", keyArn] }, keyArn, true],
    [{ Resource: "arn:aws:kms:*" }, keyArn, true],
    [{ Resource: "arn:aws:s3*" }, keyArn, false],
    // An alias name may have colons: a wildcard for the Region must not reach over the account.
    [
      { Resource: `arn:aws:kms:*:${account}:key/*` },
      `arn:aws:kms:us-west-2:${otherAccount}:alias/x:${account}:key/1`,
      false,
    ],
    [{ Resource: "*" }, "*", true],
    [{ Resource: keyArn }, "*", false],
    [{ Resource: `arn:aws:kms:us-west-2:${account}:*` }, `arn:aws:kms:us-west-2:${account}:*`, true],
    [{ Resource: wild }, "arn:aws:s3:::DOC-EXAMPLE-BUCKET/1/2/3/test/4/object.jpg", true],
    [{ Resource: wild }, "arn:aws:s3:::DOC-EXAMPLE-BUCKET/1///test///object.jpg", true],
    [{ Resource: wild }, "arn:aws:s3:::DOC-EXAMPLE-BUCKET//test/object.jpg", true],
    [{ Resource: wild }, "arn:aws:s3:::DOC-EXAMPLE-BUCKET/1/test/", true],
    [{ Resource: wild }, "arn:aws:s3:::DOC-EXAMPLE-BUCKET/1-test/object.jpg", false],
    [{ Resource: wild }, "arn:aws:s3:::DOC-EXAMPLE-BUCKET/test/object.jpg", false],
    [{ Resource: wild }, "arn:aws:s3:::DOC-EXAMPLE-BUCKET/1/2/test.jpg", false],
    [{ NotResource: payroll }, "arn:aws:s3:::HRBucket/Payroll/2020", false],
    [{ NotResource: payroll }, "arn:aws:s3:::HRBucket/Other", true],
    [{ NotResource: payroll }, "*", true],
  ];
  for (const [element, resource, expected] of cases) {
    it(`${JSON.stringify(element)} ${expected ? "covers" : "does not cover"} ${resource}`, () => {
      const policy = compile("identity", { Effect: "Deny", Action: "*", ...element });
      assert.equal(evaluatePolicy(policy, requestOf({ resource })).denies !== undefined, expected);
    });
  }

  it("missing in a key policy statement: it has no effect", () => {
    for (const Effect of ["Allow", "Deny"]) {
      const evaluation = evaluatePolicy(compile("key", { Effect, Principal: "*", Action: "*" }), requestOf());
      assert.deepEqual([evaluation.allows, evaluation.denies], [undefined, undefined]);
    }
  });
});

describe("evaluatePolicy", () => {
  it("names the statement that decides", () => {
    const policy = compile(
      "key",
      { Sid: "account", Effect: "Allow", Principal: { AWS: rootArn }, Action: "*", Resource: "*" },
      { Sid: "no", Effect: "Deny", Principal: "*", Action: "kms:Decrypt", Resource: "*" },
      { Effect: "Allow", Principal: { AWS: alice.arn }, Action: "*", Resource: "*" },
    );
    assert.deepEqual(evaluatePolicy(policy, requestOf({ action: "kms:Decrypt" })), {
      denies: { effect: "Deny", statement: 1, sid: "no", principalMatch: "wildcard" },
      allows: { effect: "Allow", statement: 2, principalMatch: "exact" },
      allowsExactly: true,
      allowsAccount: true,
      allowsDirectly: true,
    });
    assert.equal(evaluatePolicy(policy, requestOf()).denies, undefined);
  });

  it("says of policies without principals only that they allow or deny", () => {
    const policy = compile("identity", { Sid: "x", Effect: "Allow", Action: "kms:*", Resource: "*" });
    assert.deepEqual(evaluatePolicy(policy, requestOf()), {
      denies: undefined,
      allows: { effect: "Allow", statement: 0, sid: "x", principalMatch: "none-needed" },
      allowsExactly: false,
      allowsAccount: false,
      allowsDirectly: false,
    });
  });

  it("needs every condition of a statement", () => {
    const Condition = {
      StringEquals: { "kms:ViaService": "s3.us-west-2.amazonaws.com", "kms:CallerAccount": account },
    };
    const policy = compile("key", { Effect: "Allow", Principal: "*", Action: "*", Resource: "*", Condition });
    const allows = (context: Record<string, string[]>) => evaluatePolicy(policy, requestOf({ context })).allowsExactly;
    const both = { "kms:viaservice": ["s3.us-west-2.amazonaws.com"], "kms:calleraccount": [account] };
    assert.equal(allows(both), true);
    assert.equal(allows({ ...both, "kms:calleraccount": [otherAccount] }), false);
    assert.equal(allows({ "kms:viaservice": both["kms:viaservice"] }), false);
  });
});

describe("principals that a policy means by their unique ids", () => {
  const ids = { [alice.arn]: "AIDAEXAMPLE", [roleArn]: "AROAEXAMPLE" };
  const named = (principalIds: Record<string, string>, element = "Principal") => {
    const statement = {
      Effect: element === "Principal" ? "Allow" : "Deny",
      [element]: { AWS: [alice.arn, roleArn, session.arn, rootArn] },
      Action: "*",
      Resource: "*",
    };
    const parsed = parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statement }), "key", principalIds);
    assert.ok(parsed.ok);
    return parsed.policy;
  };
  const ask = (policy: CompiledPolicy, principal: PolicyPrincipal) => evaluatePolicy(policy, requestOf({ principal }));

  it("match their own, and a session its role's", () => {
    for (const principal of [alice, session]) {
      assert.equal(ask(named(ids), principal).allowsExactly, true);
      assert.equal(ask(named({}), principal).allowsExactly, true);
      assert.equal(ask(named(ids, "NotPrincipal"), principal).denies, undefined);
    }
  });

  it("and no later ones, of the same name or with an id that begins alike", () => {
    for (const userId of ["AIDAOTHER", "AIDAEXAMPLE2", undefined]) {
      const { userId: _, ...unknown } = alice;
      const later = userId === undefined ? unknown : { ...alice, userId };
      const evaluation = ask(named(ids), later);
      assert.deepEqual([evaluation.allowsExactly, evaluation.allowsAccount], [false, true]);
      assert.ok(ask(named(ids, "NotPrincipal"), later).denies);
    }
    const later = { ...session, arn: `${session.arn}2`, userId: "AROAOTHER:AROAEXAMPLE:bob2" };
    assert.equal(ask(named(ids), later).allowsExactly, false);
    assert.equal(ask(named({}), later).allowsExactly, true);
  });
});
