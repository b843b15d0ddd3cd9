import { describe } from "node:test";
import { account } from "../src/policy-fixtures.ts";
import {
  alice,
  delegation,
  type Example,
  everything,
  iam,
  keyUser,
  kms,
  root,
  service,
  stranger,
  testExamples,
  variable,
} from "./aws-examples.ts";

const examples: readonly Example[] = [
  {
    source: `${kms}/customer-managed-policies.html#iam-policy-example-encrypt-decrypt-specific-cmks`,
    key: [delegation],
    identity: [{ Effect: "Allow", Action: ["kms:Encrypt", "kms:Decrypt"], Resource: `arn:aws:kms:*:${account}:key/*` }],
    asks: [
      [alice, "kms:Decrypt", {}, true],
      [alice, "kms:DescribeKey", {}, false],
    ],
  },
  {
    source: `${kms}/customer-managed-policies.html#iam-policy-example-create-key`,
    identity: [{ Effect: "Allow", Action: ["kms:Create*", "kms:TagResource", "kms:List*"], Resource: "*" }],
    resource: "*",
    asks: [
      [alice, "kms:CreateKey", {}, true],
      [alice, "kms:ListKeys", {}, true],
      [alice, "kms:GenerateRandom", {}, false],
    ],
  },
  {
    source: `${kms}/customer-managed-policies.html#iam-policy-example-deny-disable-delete`,
    key: [delegation],
    identity: [everything, { Effect: "Deny", Action: ["kms:DisableKey", "kms:ScheduleKeyDeletion"], Resource: "*" }],
    asks: [
      [alice, "kms:EnableKey", {}, true],
      [alice, "kms:DisableKey", {}, false],
    ],
  },
  {
    // All but the user, with the account named beside it.
    source: `${iam}/reference_policies_elements_notprincipal.html`,
    key: [
      { Effect: "Allow", Principal: "*", Action: "kms:*", Resource: "*" },
      { Effect: "Deny", NotPrincipal: { AWS: [root.arn, alice.arn] }, Action: "kms:*", Resource: "*" },
    ],
    asks: [
      [alice, "kms:Encrypt", {}, true],
      [keyUser, "kms:Encrypt", {}, false],
      [stranger, "kms:Encrypt", {}, false],
    ],
  },
  {
    source: `${iam}/reference_policies_variables.html`,
    key: [delegation],
    identity: [
      {
        Effect: "Allow",
        Action: "kms:Encrypt",
        Resource: "*",
        Condition: { StringEquals: { "kms:EncryptionContext:owner": variable("aws:username") } },
      },
    ],
    asks: [
      [alice, "kms:Encrypt", { "kms:encryptioncontext:owner": ["Alice"] }, true],
      [alice, "kms:Encrypt", { "kms:encryptioncontext:owner": ["alice"] }, false],
      [alice, "kms:Encrypt", { "kms:encryptioncontext:owner": ["*"] }, false],
      // A session has no user name, and nothing is equal to what is not there.
      [service, "kms:Encrypt", { "kms:encryptioncontext:owner": [""] }, false],
    ],
  },
  {
    source: `${iam}/reference_policies_variables.html#policy-vars-default-values`,
    key: [delegation],
    identity: [
      {
        Effect: "Allow",
        Action: "kms:Encrypt",
        Resource: "*",
        Condition: {
          StringEquals: { "kms:EncryptionContext:team": variable("aws:PrincipalTag/team, 'company-wide'") },
        },
      },
    ],
    asks: [
      [alice, "kms:Encrypt", { "kms:encryptioncontext:team": ["company-wide"] }, true],
      [
        alice,
        "kms:Encrypt",
        { "kms:encryptioncontext:team": ["company-wide"], "aws:principaltag/team": ["yellow"] },
        false,
      ],
      [alice, "kms:Encrypt", { "kms:encryptioncontext:team": ["yellow"], "aws:principaltag/team": ["yellow"] }, true],
    ],
  },
  {
    // ForAllValues is met by a request without the key, so that Null stands beside it.
    source: `${iam}/reference_policies_condition-single-vs-multi-valued-context-keys.html`,
    identity: [
      {
        Effect: "Allow",
        Action: "kms:TagResource",
        Resource: "*",
        Condition: {
          "ForAllValues:StringEquals": { "aws:TagKeys": ["environment", "webserver"] },
          Null: { "aws:TagKeys": "false" },
        },
      },
    ],
    resource: "*",
    asks: [
      [alice, "kms:TagResource", { "aws:tagkeys": ["environment"] }, true],
      [alice, "kms:TagResource", { "aws:tagkeys": ["environment", "cost"] }, false],
      [alice, "kms:TagResource", {}, false],
    ],
  },
  {
    source: `${iam}/reference_policies_condition-single-vs-multi-valued-context-keys.html`,
    identity: [
      everything,
      {
        Effect: "Deny",
        Action: "kms:TagResource",
        Resource: "*",
        Condition: { "ForAnyValue:StringEquals": { "aws:TagKeys": ["webserver"] } },
      },
    ],
    resource: "*",
    asks: [
      [alice, "kms:TagResource", { "aws:tagkeys": ["environment", "webserver"] }, false],
      [alice, "kms:TagResource", { "aws:tagkeys": ["environment"] }, true],
      [alice, "kms:TagResource", {}, true],
    ],
  },
  {
    // Without multi-factor authentication the key is absent for access keys: BoolIfExists catches both.
    source: `${iam}/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent`,
    key: [delegation],
    identity: [
      everything,
      {
        Effect: "Deny",
        Action: "kms:ScheduleKeyDeletion",
        Resource: "*",
        Condition: { BoolIfExists: { "aws:MultiFactorAuthPresent": false } },
      },
    ],
    asks: [
      [alice, "kms:ScheduleKeyDeletion", { "aws:multifactorauthpresent": ["true"] }, true],
      [alice, "kms:ScheduleKeyDeletion", { "aws:multifactorauthpresent": ["false"] }, false],
      [alice, "kms:ScheduleKeyDeletion", {}, false],
    ],
  },
];

describe("examples of the IAM User Guide, and of identity policies for KMS", () => {
  testExamples(examples);
});
