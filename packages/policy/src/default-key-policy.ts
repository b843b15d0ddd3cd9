/**
 * The policy of a key that was created through the API without one: it leaves the say to the account's identity
 * policies (AWS KMS Developer Guide, "Default key policy"). The text is, byte for byte, what AWS answers to GetKeyPolicy
 * (AWS KMS API Reference, GetKeyPolicy).
 *
 * `accountRootArn`: `arn:aws:iam::ACCOUNT:root`.
 */
export function defaultKeyPolicy(accountRootArn: string): string {
  return `{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : ${JSON.stringify(accountRootArn)}
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`;
}
