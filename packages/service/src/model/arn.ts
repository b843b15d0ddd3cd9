const keyIdPattern = /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/;

/** Whether `text` is a key id: a lower-case UUID, or `mrk-` and 32 hex digits. */
export function isKeyId(text: string): boolean {
  return keyIdPattern.test(text);
}

/** `arn:aws:kms:REGION:ACCOUNT:key/ID` */
export function keyArn(region: string, account: string, keyId: string): string {
  return `arn:aws:kms:${region}:${account}:key/${keyId}`;
}

/** `arn:aws:kms:REGION:ACCOUNT:alias/NAME`; `name` has its prefix `alias/`. */
export function aliasArn(region: string, account: string, name: string): string {
  return `arn:aws:kms:${region}:${account}:${name}`;
}

/** `arn:aws:iam::ACCOUNT:root` */
export function rootArn(account: string): string {
  return `arn:aws:iam::${account}:root`;
}

/** Managed policies of AWS itself. */
export const arnPrefixOfAwsPolicies = "arn:aws:iam::aws:policy/";

/** `arn:aws:iam::ACCOUNT:KIND/PATH/NAME`; the path begins and ends with a slash. */
export function iamArn(account: string, kind: "user" | "role" | "policy", path: string, name: string): string {
  return `arn:aws:iam::${account}:${kind}${path}${name}`;
}

/** `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` */
export function assumedRoleArn(account: string, roleName: string, sessionName: string): string {
  return `arn:aws:sts::${account}:assumed-role/${roleName}/${sessionName}`;
}

/** A parsed reference to a key: by id or by alias name, with what an ARN fixes. */
export interface KeyReference {
  readonly kind: "id" | "alias";
  /** The key id, or the alias name with its prefix. */
  readonly name: string;
  readonly region?: string;
  readonly account?: string;
}

/**
 * Parses a key id, key ARN, alias name or alias ARN (AWS KMS API: `KeyId`).
 *
 * @returns undefined for an ARN of another service or a malformed one
 */
export function parseKeyReference(text: string): KeyReference | undefined {
  if (!text.startsWith("arn:")) {
    return text.startsWith("alias/") ? { kind: "alias", name: text } : { kind: "id", name: text };
  }
  const parts = text.split(":");
  if (parts.length !== 6 || parts[2] !== "kms") return undefined;
  const [, , , region, account, resource] = parts as [string, string, string, string, string, string];
  if (region === "" || !/^\d{12}$/.test(account)) return undefined;
  if (resource.startsWith("alias/")) return { kind: "alias", name: resource, region, account };
  if (resource.startsWith("key/")) return { kind: "id", name: resource.slice(4), region, account };
  return undefined;
}
