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

/**
 * Whether an answer's ARN is that of the key that was asked for. Of an alias, which the server resolves, only that it is a
 * key of the alias's region and account.
 */
export function answersFor(keyId: string, answered: string | undefined): answered is string {
  const key = answered === undefined ? undefined : parseKmsArn(answered);
  if (key?.kind !== "key") return false;
  const asked = parseKmsArn(keyId);
  if (asked === undefined) return keyId.startsWith("alias/") || key.id === keyId;
  return asked.kind === "key" ? keyId === answered : renderKmsArn({ ...key, kind: "alias", id: asked.id }) === keyId;
}
