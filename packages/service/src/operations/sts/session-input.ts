import { ServiceError } from "../../errors.ts";
import type { IamTag, Principal } from "../../model/principal.ts";
import type { OperationConditions } from "../../pipeline/operation.ts";

/** What whoever assumes a role says of the session. */
export interface SessionInput {
  readonly roleArn: string;
  /** 2 to 64 of letters, digits and `+=,.@-_`. */
  readonly sessionName: string;
  /** Whole seconds. */
  readonly durationSeconds?: number | undefined;
  /** A session policy's text. */
  readonly policy?: string | undefined;
  /** Managed policies as session policies: at most 10. */
  readonly policyArns?: readonly string[] | undefined;
}

/** Tags of a session: what was asked for, and what goes on from the caller's session. */
export interface SessionTags {
  readonly tags: readonly IamTag[];
  readonly transitiveTagKeys: readonly string[];
}

function refuseParameter(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "parameter", reason });
}

/** @throws ServiceError InvalidInput when two tags have the same key, whatever its case */
export function checkTagKeys(keys: readonly string[]): void {
  if (new Set(keys.map((key) => key.toLowerCase())).size === keys.length) return;
  refuseParameter("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
}

/**
 * The tags of the new session (IAM User Guide, "Passing session tags": role chaining with session tags). Transitive tags
 * of the caller's session go on, and cannot be set again.
 *
 * @throws ServiceError InvalidInput
 */
export function chainTags(caller: Principal, tags: readonly IamTag[], transitive: readonly string[]): SessionTags {
  checkTagKeys(tags.map(({ key }) => key));
  const keys = new Set(tags.map(({ key }) => key.toLowerCase()));
  if (!transitive.every((key) => keys.has(key.toLowerCase()))) {
    refuseParameter("The specified transitive tag key must be included in the requested tags.");
  }
  const goingOn = new Set(caller.session?.transitiveTagKeys.map((key) => key.toLowerCase()) ?? []);
  if (tags.some(({ key }) => goingOn.has(key.toLowerCase()))) {
    refuseParameter(
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    );
  }
  const inherited = (caller.tags ?? []).filter(({ key }) => goingOn.has(key.toLowerCase()));
  return {
    tags: [...inherited, ...tags],
    transitiveTagKeys: [...inherited.map(({ key }) => key), ...transitive],
  };
}

/** Condition keys of a call that asks for these tags (IAM User Guide: `aws:RequestTag`, `aws:TagKeys`). */
export function tagConditions(tags: readonly IamTag[]): [string, readonly string[]][] {
  if (tags.length === 0) return [];
  return [
    ["aws:tagkeys", tags.map(({ key }) => key)],
    ...tags.map(({ key, value }): [string, readonly string[]] => [`aws:requesttag/${key.toLowerCase()}`, [value]]),
  ];
}

/** What a role's tags are to the policies that decide on it. */
export function resourceTagConditions(tags: readonly IamTag[]): [string, readonly string[]][] {
  return tags.flatMap(({ key, value }): [string, readonly string[]][] => [
    [`aws:resourcetag/${key.toLowerCase()}`, [value]],
    [`iam:resourcetag/${key.toLowerCase()}`, [value]],
  ]);
}

/** A condition map without what is absent. */
export function conditionsOf(
  pairs: readonly (readonly [string, readonly string[] | string | undefined])[],
): OperationConditions {
  const map = new Map<string, readonly string[]>();
  for (const [key, value] of pairs) {
    if (value !== undefined && value.length > 0) map.set(key, typeof value === "string" ? [value] : value);
  }
  return map;
}
