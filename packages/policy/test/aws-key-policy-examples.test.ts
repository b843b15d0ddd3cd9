import { describe } from "node:test";
import { account, keyArn, otherAccount, rootOf, serviceOf } from "../src/policy-fixtures.ts";
import {
  admin,
  alice,
  delegation,
  type Example,
  everything,
  keyUser,
  kms,
  root,
  type Statement,
  service,
  stranger,
  testExamples,
} from "./aws-examples.ts";

function forEverybody(Action: string | readonly string[], Condition: Statement): readonly Statement[] {
  return [{ Effect: "Allow", Principal: { AWS: [keyUser.arn, service.roleArn] }, Action, Resource: "*", Condition }];
}

const examples: readonly Example[] = [
  {
    // The default policy gives the account the say, and its identity policies then decide; it gives users nothing.
    source: `${kms}/key-policy-default.html`,
    key: [delegation],
    asks: [
      [root, "kms:PutKeyPolicy", {}, true],
      [alice, "kms:Encrypt", {}, false],
      [rootOf(otherAccount), "kms:Encrypt", {}, false],
    ],
  },
  {
    source: `${kms}/key-policy-default.html`,
    key: [delegation],
    identity: [everything],
    asks: [
      [alice, "kms:Encrypt", {}, true],
      [stranger, "kms:Encrypt", {}, false],
    ],
  },
  {
    // Administrators, users, and users who may use the key with services by grants.
    source: `${kms}/key-policy-overview.html`,
    key: [
      delegation,
      {
        Effect: "Allow",
        Principal: { AWS: admin.roleArn },
        Action: ["kms:Create*", "kms:Describe*", "kms:Enable*", "kms:Put*", "kms:ScheduleKeyDeletion"],
        Resource: "*",
      },
      {
        Effect: "Allow",
        Principal: { AWS: [keyUser.arn, `arn:aws:iam::${otherAccount}:root`] },
        Action: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
        Resource: "*",
      },
      {
        Effect: "Allow",
        Principal: { AWS: keyUser.arn },
        Action: ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
        Resource: "*",
        Condition: { Bool: { "kms:GrantIsForAWSResource": true } },
      },
    ],
    asks: [
      [admin, "kms:EnableKeyRotation", {}, true],
      [admin, "kms:Decrypt", {}, false],
      [keyUser, "kms:Decrypt", {}, true],
      [keyUser, "kms:ReEncryptFrom", {}, true],
      [keyUser, "kms:PutKeyPolicy", {}, false],
      [keyUser, "kms:CreateGrant", { "kms:grantisforawsresource": ["true"] }, true],
      [keyUser, "kms:CreateGrant", { "kms:grantisforawsresource": ["false"] }, false],
      [keyUser, "kms:CreateGrant", {}, false],
      [rootOf(otherAccount), "kms:Encrypt", {}, true],
      [stranger, "kms:Encrypt", {}, false],
    ],
  },
  {
    // The other account's own policy names the key: both sides are needed, and only some actions cross accounts.
    source: `${kms}/key-policy-modifying-external-accounts.html`,
    key: [
      {
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${otherAccount}:root` },
        Action: ["kms:Encrypt", "kms:Decrypt", "kms:CreateKey", "kms:ScheduleKeyDeletion"],
        Resource: "*",
      },
    ],
    identity: [
      { Effect: "Allow", Action: ["kms:Encrypt", "kms:Decrypt", "kms:ScheduleKeyDeletion"], Resource: keyArn },
    ],
    asks: [
      [stranger, "kms:Encrypt", {}, true],
      [stranger, "kms:ScheduleKeyDeletion", {}, false],
      [alice, "kms:Encrypt", {}, false],
    ],
  },
  {
    source: `${kms}/conditions-kms.html#conditions-kms-encryption-context`,
    key: forEverybody("kms:GenerateDataKey", {
      StringEquals: { "kms:EncryptionContext:AppName": "ExampleApp", "kms:EncryptionContext:FilePath": "/var/opt/" },
    }),
    asks: [
      [
        service,
        "kms:GenerateDataKey",
        { "kms:encryptioncontext:appname": ["ExampleApp"], "kms:encryptioncontext:filepath": ["/var/opt/"] },
        true,
      ],
      [service, "kms:GenerateDataKey", { "kms:encryptioncontext:appname": ["ExampleApp"] }, false],
    ],
  },
  {
    // Keys of the context: some of them, none but them, and that there are any.
    source: `${kms}/conditions-kms.html#conditions-kms-encryption-context-keys`,
    key: forEverybody("kms:Decrypt", {
      "ForAllValues:StringEquals": { "kms:EncryptionContextKeys": ["AppName", "Department"] },
      Null: { "kms:EncryptionContextKeys": false },
    }),
    asks: [
      [keyUser, "kms:Decrypt", { "kms:encryptioncontextkeys": ["AppName"] }, true],
      [keyUser, "kms:Decrypt", { "kms:encryptioncontextkeys": ["AppName", "Department"] }, true],
      [keyUser, "kms:Decrypt", { "kms:encryptioncontextkeys": ["AppName", "Purpose"] }, false],
      [keyUser, "kms:Decrypt", { "kms:encryptioncontextkeys": ["appname"] }, false],
      [keyUser, "kms:Decrypt", {}, false],
    ],
  },
  {
    source: `${kms}/conditions-kms.html#conditions-kms-via-service`,
    key: forEverybody(["kms:Decrypt", "kms:CreateGrant"], {
      "ForAnyValue:StringEquals": {
        "kms:ViaService": ["ec2.us-west-2.amazonaws.com", "rds.us-west-2.amazonaws.com"],
      },
    }),
    asks: [
      [service, "kms:Decrypt", { "kms:viaservice": ["ec2.us-west-2.amazonaws.com"] }, true],
      [service, "kms:Decrypt", { "kms:viaservice": ["ec2.eu-west-1.amazonaws.com"] }, false],
      [service, "kms:Decrypt", {}, false],
    ],
  },
  {
    source: `${kms}/conditions-kms.html#conditions-kms-via-service`,
    key: [
      { Effect: "Allow", Principal: { AWS: keyUser.arn }, Action: "kms:*", Resource: "*" },
      {
        Effect: "Deny",
        Principal: "*",
        Action: "kms:*",
        Resource: "*",
        Condition: { StringEquals: { "kms:ViaService": "lambda.us-west-2.amazonaws.com" } },
      },
    ],
    asks: [
      [keyUser, "kms:Decrypt", {}, true],
      [keyUser, "kms:Decrypt", { "kms:viaservice": ["lambda.us-west-2.amazonaws.com"] }, false],
    ],
  },
  {
    // Everybody of an account through one service: the form of the policies of aws/SERVICE keys.
    source: `${kms}/conditions-kms.html#conditions-kms-caller-account`,
    key: [
      {
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: ["kms:Encrypt", "kms:Decrypt"],
        Resource: "*",
        Condition: {
          StringEquals: { "kms:CallerAccount": account, "kms:ViaService": "s3.us-west-2.amazonaws.com" },
        },
      },
    ],
    asks: [
      [
        alice,
        "kms:Decrypt",
        { "kms:calleraccount": [account], "kms:viaservice": ["s3.us-west-2.amazonaws.com"] },
        true,
      ],
      [
        alice,
        "kms:Decrypt",
        { "kms:calleraccount": [otherAccount], "kms:viaservice": ["s3.us-west-2.amazonaws.com"] },
        false,
      ],
      [alice, "kms:Decrypt", { "kms:calleraccount": [account] }, false],
    ],
  },
  {
    source: `${kms}/conditions-kms.html#conditions-kms-grant-operations`,
    key: forEverybody("kms:CreateGrant", {
      "ForAllValues:StringEquals": { "kms:GrantOperations": ["Encrypt", "Decrypt"] },
    }),
    asks: [
      [keyUser, "kms:CreateGrant", { "kms:grantoperations": ["Encrypt"] }, true],
      [keyUser, "kms:CreateGrant", { "kms:grantoperations": ["Encrypt", "GenerateDataKey"] }, false],
    ],
  },
  {
    source: `${kms}/conditions-kms.html#conditions-kms-request-alias`,
    key: forEverybody("kms:Encrypt", { StringEquals: { "kms:RequestAlias": "alias/ExampleAlias" } }),
    asks: [
      [keyUser, "kms:Encrypt", { "kms:requestalias": ["alias/ExampleAlias"] }, true],
      [keyUser, "kms:Encrypt", {}, false],
    ],
  },
  {
    source: `${kms}/alias-authorization.html`,
    key: [delegation],
    identity: [
      {
        Effect: "Allow",
        Action: "kms:Encrypt",
        Resource: `arn:aws:kms:*:${account}:key/*`,
        Condition: { "ForAnyValue:StringLike": { "kms:ResourceAliases": "alias/restricted*" } },
      },
    ],
    asks: [
      [alice, "kms:Encrypt", { "kms:resourcealiases": ["alias/other", "alias/restricted-one"] }, true],
      [alice, "kms:Encrypt", { "kms:resourcealiases": ["alias/other"] }, false],
      [alice, "kms:Encrypt", {}, false],
    ],
  },
  {
    source: `${kms}/conditions-kms.html#conditions-kms-schedule-key-deletion-pending-window-in-days`,
    key: forEverybody("kms:ScheduleKeyDeletion", {
      NumericGreaterThanEquals: { "kms:ScheduleKeyDeletionPendingWindowInDays": "21" },
    }),
    asks: [
      [keyUser, "kms:ScheduleKeyDeletion", { "kms:schedulekeydeletionpendingwindowindays": ["21"] }, true],
      [keyUser, "kms:ScheduleKeyDeletion", { "kms:schedulekeydeletionpendingwindowindays": ["7"] }, false],
    ],
  },
  {
    source: `${kms}/tag-authorization.html`,
    key: [delegation],
    identity: [
      {
        Effect: "Allow",
        Action: "kms:Encrypt",
        Resource: "*",
        Condition: { StringEquals: { "aws:ResourceTag/Purpose": "Test" } },
      },
      {
        Effect: "Deny",
        Action: "kms:Encrypt",
        Resource: "*",
        Condition: { StringEquals: { "aws:ResourceTag/Reserved": "true" } },
      },
    ],
    asks: [
      [alice, "kms:Encrypt", { "aws:resourcetag/purpose": ["Test"] }, true],
      [alice, "kms:Encrypt", { "aws:resourcetag/purpose": ["Test"], "aws:resourcetag/reserved": ["true"] }, false],
      [alice, "kms:Encrypt", {}, false],
    ],
  },
  {
    // A service principal, held to the resource that it acts for.
    source: `${kms}/key-policy-services.html`,
    key: [
      {
        Effect: "Allow",
        Principal: { Service: "sns.amazonaws.com" },
        Action: ["kms:Decrypt", "kms:GenerateDataKey*"],
        Resource: "*",
        Condition: { ArnLike: { "aws:SourceArn": `arn:aws:sns:us-west-2:${account}:topic-*` } },
      },
    ],
    asks: [
      [
        serviceOf("sns.amazonaws.com"),
        "kms:Decrypt",
        { "aws:sourcearn": [`arn:aws:sns:us-west-2:${account}:topic-1`] },
        true,
      ],
      [
        serviceOf("sns.amazonaws.com"),
        "kms:Decrypt",
        { "aws:sourcearn": [`arn:aws:sns:us-west-2:${otherAccount}:topic-1`] },
        false,
      ],
      [
        serviceOf("sqs.amazonaws.com"),
        "kms:Decrypt",
        { "aws:sourcearn": [`arn:aws:sns:us-west-2:${account}:topic-1`] },
        false,
      ],
      [serviceOf("sns.amazonaws.com"), "kms:Decrypt", {}, false],
    ],
  },
];

describe("key policy examples of the AWS KMS Developer Guide", () => {
  testExamples(examples);
});
