import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { account, keyArn, userOf } from "../src/policy-fixtures.ts";
import { type Answer, askOracle, askOurs, type Case, type Statement } from "./iam-oracle.ts";

const guide = "https://docs.aws.amazon.com/IAM/latest/UserGuide";
const alice = userOf("Alice");
const everybody: Statement = { Effect: "Allow", Principal: "*", Action: "*", Resource: "*" };

function variable(name: string): string {
  return `$${`{${name}}`}`;
}

interface Difference {
  readonly name: string;
  /** What AWS documents, and where. */
  readonly why: string;
  readonly asked: Partial<Case>;
  readonly ours: Answer;
  readonly oracle: Answer;
}

function deny(more: Statement): readonly Statement[] {
  return [everybody, { Effect: "Deny", Principal: "*", Action: "*", Resource: "*", ...more }];
}

function allow(more: Statement): readonly Statement[] {
  return [{ ...everybody, ...more }];
}

/** Everything in which the oracle is known to differ: the random cases keep clear of it. */
const differences: readonly Difference[] = [
  {
    name: "a variable without a value, in an inverted operator",
    why: `Inverted operators match against a null value: ${guide}/reference_policies_variables.html#policy-vars-no-value`,
    asked: { key: deny({ Condition: { StringNotEquals: { "aws:UserAgent": variable("aws:PrincipalTag/team") } } }) },
    ours: "explicit-deny",
    oracle: "allowed",
  },
  {
    name: "a variable without a value, in NotResource of a Deny",
    why: `Nothing is equal to or like a null value, so nothing is exempt: ${guide}/reference_policies_variables.html#policy-vars-no-value`,
    asked: {
      key: [
        everybody,
        {
          Effect: "Deny",
          Principal: "*",
          Action: "*",
          NotResource: `arn:aws:kms:us-west-2:${account}:key/${variable("aws:PrincipalTag/key")}`,
        },
      ],
    },
    ours: "explicit-deny",
    oracle: "allowed",
  },
  {
    name: "a variable in a document of version 2008-10-17",
    why: `Variables are text there: ${guide}/reference_policies_elements_version.html`,
    asked: {
      version: "2008-10-17",
      key: allow({ Condition: { StringEquals: { "aws:UserAgent": variable("aws:SourceAccount") } } }),
    },
    ours: "implicit-deny",
    oracle: "allowed",
  },
  {
    name: "an escaped wildcard in an operator without wildcards",
    why: `The special variables work wherever variables do: ${guide}/reference_policies_variables.html#policy-vars-specialchars`,
    asked: { key: allow({ Condition: { StringEquals: { "aws:Referer": `a${variable("?")}` } } }) },
    ours: "allowed",
    oracle: "implicit-deny",
  },
  {
    name: "epoch seconds in a date operator",
    why: `ISO 8601 or epoch time: ${guide}/reference_policies_elements_condition_operators.html#Conditions_Date`,
    asked: { key: allow({ Condition: { DateEquals: { "aws:CurrentTime": "1767225600" } } }) },
    ours: "allowed",
    oracle: "implicit-deny",
  },
  {
    name: "the range of all addresses",
    why: `A range is in CIDR form (RFC 4632), /0 included: ${guide}/reference_policies_elements_condition_operators.html#Conditions_IPAddress`,
    asked: { key: allow({ Condition: { IpAddress: { "aws:SourceIp": "0.0.0.0/0" } } }) },
    ours: "allowed",
    oracle: "implicit-deny",
  },
  {
    name: "an IPv6 caller and NotIpAddress with an IPv4 address",
    why: `NotIpAddress means all addresses but the range: ${guide}/reference_policies_elements_condition_operators.html#Conditions_IPAddress`,
    asked: { key: deny({ Condition: { NotIpAddress: { "aws:VpcSourceIp": "203.0.113.7" } } }) },
    ours: "explicit-deny",
    oracle: "allowed",
  },
  {
    name: "NotPrincipal that names the caller without its account",
    why: `Without the account's ARN the account is denied, and the caller with it: ${guide}/reference_policies_elements_notprincipal.html`,
    asked: { key: [everybody, { Effect: "Deny", NotPrincipal: { AWS: alice.arn }, Action: "*", Resource: "*" }] },
    ours: "explicit-deny",
    oracle: "allowed",
  },
  {
    name: "NotPrincipal that names the account without the caller",
    why: `Every level of the caller is named, or it is denied: ${guide}/reference_policies_elements_notprincipal.html`,
    asked: {
      key: [
        everybody,
        { Effect: "Deny", NotPrincipal: { AWS: `arn:aws:iam::${account}:root` }, Action: "*", Resource: "*" },
      ],
    },
    ours: "explicit-deny",
    oracle: "allowed",
  },
  {
    name: "a key with several values and a Deny without a set operator",
    why: `AWS asks for a set operator and leaves open what happens without one; ours denies if one value meets it: ${guide}/reference_policies_condition-single-vs-multi-valued-context-keys.html`,
    asked: { key: deny({ Condition: { StringEquals: { "kms:EncryptionContextKeys": "secret" } } }) },
    ours: "explicit-deny",
    oracle: "allowed",
  },
];

describe("where ours and the independent evaluator differ", () => {
  for (const { name, why, asked, ours, oracle } of differences) {
    it(name, async () => {
      const whole: Case = {
        principal: alice,
        action: "kms:Encrypt",
        resource: keyArn,
        resourceAccount: account,
        context: {
          "aws:useragent": ["a"],
          "aws:sourceaccount": ["a"],
          "aws:referer": ["a?"],
          "aws:currenttime": ["2026-01-01T00:00:00Z"],
          "aws:sourceip": ["203.0.113.7"],
          "aws:vpcsourceip": ["2001:db8::1"],
          "kms:encryptioncontextkeys": ["open", "secret"],
        },
        key: undefined,
        identity: [],
        boundary: undefined,
        session: undefined,
        version: "2012-10-17",
        ...asked,
      };
      assert.equal(askOurs(whole), ours, why);
      // When this fails the oracle has changed: the random cases may take this in.
      assert.equal(await askOracle(whole), oracle);
    });
  }
});
