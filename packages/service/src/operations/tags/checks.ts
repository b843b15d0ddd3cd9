import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { KeyTag } from "../../model/key.ts";

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "tag", member: "tags", reason });
}

/** @throws ServiceError InvalidInput kind `tag`: a doubled, reserved or oversized tag; LimitExceeded: too many */
export function checkTags(tags: readonly KeyTag[]): void {
  const seen = new Set<string>();
  for (const { key, value } of tags) {
    if (key.length === 0 || key.length > limits.tagKeyChars.value) {
      refuse(`Tag keys have 1 to ${limits.tagKeyChars.value} characters.`);
    }
    if (value.length > limits.tagValueChars.value)
      refuse(`Tag values have at most ${limits.tagValueChars.value} characters.`);
    if (key.toLowerCase().startsWith("aws:")) refuse("Tags beginning with aws: are reserved");
    if (seen.has(key)) refuse("Duplicate tag keys");
    seen.add(key);
  }
  if (tags.length > limits.tags.value) {
    throw ServiceError.of("LimitExceeded", {
      limit: limits.tags.name,
      max: limits.tags.value,
      reason: `A key has at most ${limits.tags.value} tags.`,
    });
  }
}
