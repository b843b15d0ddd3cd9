import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { KeyTag } from "../../model/key.ts";

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "tag", member: "tags", reason });
}

/** @throws ServiceError InvalidInput kind `tag`: a doubled, reserved or oversized tag; LimitExceeded: too many */
export function checkTags(tags: readonly KeyTag[]): void {
  if (tags.length > limits.tags.value) {
    throw ServiceError.of("LimitExceeded", {
      limit: limits.tags.name,
      max: limits.tags.value,
      reason: `A key has at most ${limits.tags.value} tags.`,
    });
  }
  const seen = new Set<string>();
  for (const { key, value } of tags) {
    if (key.length === 0 || key.length > limits.tagKeyChars.value) {
      refuse(`Tag keys have 1 to ${limits.tagKeyChars.value} characters.`);
    }
    if (value.length > limits.tagValueChars.value)
      refuse(`Tag values have at most ${limits.tagValueChars.value} characters.`);
    if (!key.isWellFormed() || !value.isWellFormed()) refuse("Tags are valid Unicode.");
    checkTagKey(key);
    if (seen.has(key)) refuse("Duplicate tag keys");
    seen.add(key);
  }
}

/** @throws ServiceError InvalidInput kind `tag` for a key that users may not set or remove */
export function checkTagKey(key: string): void {
  if (key.toLowerCase().startsWith("aws:")) refuse("Tags beginning with aws: are reserved");
}

/**
 * The policy conditions of tags to set (IAM user guide: `aws:RequestTag/KEY`, `aws:TagKeys`). Condition keys have no
 * case, so tag keys that differ in case only are one condition key with several values.
 */
export function tagConditions(tags: readonly KeyTag[]): [string, readonly string[]][] {
  const values = new Map<string, string[]>();
  for (const { key, value } of tags) {
    const name = `aws:requesttag/${key.toLowerCase()}`;
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else known.push(value);
  }
  return [["aws:tagkeys", tags.map(({ key }) => key)], ...values];
}
