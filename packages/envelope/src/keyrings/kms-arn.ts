/** The parts of a KMS key's or alias's ARN. */
export interface KmsArn {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  readonly kind: "key" | "alias";
  /** The key id, or the alias's name without `alias/`. */
  readonly id: string;
}

/**
 * Reads a whole ARN. Source: AWS Encryption SDK specification, framework/aws-kms/aws-kms-key-arn.md.
 *
 * @returns undefined for anything else, names of keys and aliases without an account included
 */
export function parseKmsArn(text: string): KmsArn | undefined {
  const match = /^arn:([^:]+):kms:([^:]+):([^:]+):(key|alias)\/([^:]+)$/.exec(text);
  if (match === null) return undefined;
  const [, partition = "", region = "", account = "", kind = "", id = ""] = match;
  return { partition, region, account, kind: kind === "key" ? "key" : "alias", id };
}

/** Whether it names a multi-Region key. Source: the same, "AWS KMS multi-Region keys". */
export function isMultiRegion(arn: KmsArn): boolean {
  return arn.kind === "key" && arn.id.startsWith("mrk-");
}

/** The text of an ARN. */
export function renderKmsArn({ partition, region, account, kind, id }: KmsArn): string {
  return `arn:${partition}:kms:${region}:${account}:${kind}/${id}`;
}

/** Whether two ARNs name one key, or two replicas of one multi-Region key. Source: aws-kms-mrk-match-for-decrypt.md. */
export function sameMultiRegionKey(a: KmsArn, b: KmsArn): boolean {
  return isMultiRegion(a) && isMultiRegion(b) && renderKmsArn({ ...a, region: b.region }) === renderKmsArn(b);
}
