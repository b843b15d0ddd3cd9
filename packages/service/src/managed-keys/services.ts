/** A service that keeps a key of its own in each account and region that uses it (AWS KMS: AWS managed keys). */
export interface ManagedKeyService {
  /** The key's alias is `alias/aws/NAME`. */
  readonly name: string;
  /** As the key policy spells it. */
  readonly title: string;
  /** `kms:ViaService` is `ENDPOINT.REGION.amazonaws.com`. */
  readonly endpoint: string;
  /** What the key protects, as the key's description says it. */
  readonly protects: string;
  /** Whether the service works with grants. */
  readonly grants: boolean;
}

function service(
  name: string,
  title: string,
  protects: string,
  { endpoint = name, grants = true } = {},
): readonly [alias: string, service: ManagedKeyService] {
  return [`alias/aws/${name}`, { name, title, endpoint, protects, grants }];
}

/**
 * The predefined aliases of AWS services with what their key policies show (`GetKeyPolicy` and `DescribeKey` of AWS managed
 * keys), by alias name.
 */
export const managedKeyServices: ReadonlyMap<string, ManagedKeyService> = new Map([
  service("acm", "ACM", "ACM private keys"),
  service("backup", "AWS Backup", "Backup vaults"),
  service("dynamodb", "Amazon DynamoDB", "DynamoDB data"),
  service("ebs", "EBS", "EBS volumes", { endpoint: "ec2" }),
  service("ecr", "Amazon ECR", "ECR repositories"),
  service("elasticfilesystem", "EFS", "EFS filesystems"),
  service("es", "Amazon OpenSearch Service", "OpenSearch domains"),
  service("glue", "AWS Glue", "Glue data"),
  service("kinesis", "Kinesis", "Kinesis streams", { grants: false }),
  service("lambda", "AWS Lambda", "Lambda functions"),
  service("rds", "RDS", "RDS database volumes"),
  service("redshift", "Redshift", "Redshift clusters"),
  service("s3", "S3", "S3 objects", { grants: false }),
  service("secretsmanager", "AWS Secrets Manager", "Secrets Manager data"),
  service("sns", "SNS", "SNS data", { grants: false }),
  service("sqs", "SQS", "SQS messages", { grants: false }),
  service("ssm", "SSM", "SSM parameters", { grants: false }),
]);

/** What `kms:ViaService` says of a request that comes through the service. */
export function viaServiceName({ endpoint }: ManagedKeyService, region: string): string {
  return `${endpoint}.${region}.amazonaws.com`;
}

/**
 * The policy of a service's key: the account's principals use it through the service alone, and read what it is (AWS KMS
 * developer guide: `kms:CallerAccount` and `kms:ViaService`, policy of the AWS managed key for Amazon EBS).
 *
 * @param rootArn `arn:aws:iam::ACCOUNT:root`
 */
export function managedKeyPolicy(service: ManagedKeyService, account: string, region: string, rootArn: string): string {
  const { name, title, grants } = service;
  const grant = grants ? ["kms:CreateGrant"] : [];
  const revoke = grants ? ["kms:RevokeGrant"] : [];
  const policy = {
    Version: "2012-10-17",
    Id: `auto-${name}-1`,
    Statement: [
      {
        Sid: `Allow access through ${title} for all principals in the account that are authorized to use ${title}`,
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", ...grant, "kms:DescribeKey"],
        Resource: "*",
        Condition: {
          StringEquals: { "kms:CallerAccount": account, "kms:ViaService": viaServiceName(service, region) },
        },
      },
      {
        Sid: "Allow direct access to key metadata to the account",
        Effect: "Allow",
        Principal: { AWS: rootArn },
        Action: ["kms:Describe*", "kms:Get*", "kms:List*", ...revoke],
        Resource: "*",
      },
    ],
  };
  return JSON.stringify(policy, null, 2);
}
