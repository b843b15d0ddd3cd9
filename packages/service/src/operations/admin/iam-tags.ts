import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { IamTag } from "../../model/principal.ts";

/**
 * Checks the tags of a principal, policy or provider (IAM: Tag).
 *
 * @throws ServiceError InvalidInput, LimitExceeded
 */
export function checkTags(tags: readonly IamTag[]): void {
  const keys = tags.map(({ key }) => key.toLowerCase());
  if (new Set(keys).size < keys.length) {
    refuse("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
  }
  if (keys.some((key) => key.startsWith("aws:"))) refuse("Tag keys that begin with aws: are reserved for system use.");
  const { name, value: max } = limits.tags;
  if (keys.length <= max) return;
  throw ServiceError.of("LimitExceeded", {
    limit: name,
    max,
    reason: `The number of tags has reached the maximum limit.`,
  });
}

/** Tags with some put, which replace those of the same key. */
export function putTags(tags: readonly IamTag[], put: readonly IamTag[]): readonly IamTag[] {
  checkTags(put);
  const replaced = new Set(put.map(({ key }) => key.toLowerCase()));
  const result = [...tags.filter(({ key }) => !replaced.has(key.toLowerCase())), ...put];
  checkTags(result);
  return result;
}

/** Tags without some; those that are not there are ignored. */
export function removeTags(tags: readonly IamTag[], keys: readonly string[]): readonly IamTag[] {
  const removed = new Set(keys.map((key) => key.toLowerCase()));
  return tags.filter(({ key }) => !removed.has(key.toLowerCase()));
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "parameter", reason });
}
