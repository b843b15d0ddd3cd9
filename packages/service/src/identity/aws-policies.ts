import { arnPrefixOfAwsPolicies } from "../model/arn.ts";

/** A managed policy that AWS keeps, as far as it means something here. */
export interface AwsManagedPolicy {
  readonly arn: string;
  readonly name: string;
  readonly path: string;
  /** `ANPA...` */
  readonly policyId: string;
  readonly description: string;
  readonly version: number;
  readonly document: string;
  readonly createdAtMs: number;
}

const administrator = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
};

/** AWS managed policy reference: AWSKeyManagementServicePowerUser, version 2. */
const keyPowerUser = {
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Action: [
        "kms:CreateAlias",
        "kms:CreateKey",
        "kms:DeleteAlias",
        "kms:Describe*",
        "kms:GenerateRandom",
        "kms:Get*",
        "kms:List*",
        "kms:TagResource",
        "kms:UntagResource",
        "iam:ListGroups",
        "iam:ListRoles",
        "iam:ListUsers",
      ],
      Resource: "*",
    },
  ],
};

function row(name: string, policyId: string, version: number, createdAt: string, document: object): AwsManagedPolicy {
  return {
    arn: `${arnPrefixOfAwsPolicies}${name}`,
    name,
    path: "/",
    policyId,
    description: "",
    version,
    document: JSON.stringify(document),
    createdAtMs: Date.parse(createdAt),
  };
}

/** By ARN. Ids, versions and dates are AWS's. */
export const awsManagedPolicies: ReadonlyMap<string, AwsManagedPolicy> = new Map(
  [
    row("AWSKeyManagementServicePowerUser", "ANPAJNPP7PPPPMJRV2SA4", 2, "2015-02-06T18:40:40Z", keyPowerUser),
    row("AdministratorAccess", "ANPAIWMBCKSKIEE64ZLYK", 1, "2015-02-06T18:39:46Z", administrator),
  ].map((policy) => [policy.arn, policy]),
);
