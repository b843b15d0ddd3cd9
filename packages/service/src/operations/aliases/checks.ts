import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";

// AWS KMS allows [a-zA-Z0-9/_-]; the dot is there because Vault and REST key names may hold one.
const aliasPattern = /^alias\/[a-zA-Z0-9/_.-]+$/;

/**
 * @param added how many aliases a key is to get
 * @param present how many it has
 * @throws ServiceError LimitExceeded
 */
export function checkAliasCount(added: number, present: number): void {
  const max = limits.aliasesPerKey.value;
  if (present + added <= max) return;
  throw ServiceError.of("LimitExceeded", {
    limit: limits.aliasesPerKey.name,
    max,
    reason: `A key has at most ${max} aliases.`,
  });
}

/** @throws ServiceError InvalidInput kind `aliasName` unless `name` can be an alias that users make */
export function checkAliasName(name: string): void {
  if (!aliasPattern.test(name) || name.length > limits.aliasNameChars.value) {
    throw ServiceError.of("InvalidInput", {
      kind: "aliasName",
      member: "aliasName",
      reason: "Alias must start with the prefix \"alias/\" and hold only letters, digits, '/', '_' and '-'.",
    });
  }
  if (name.startsWith("alias/aws/")) {
    throw ServiceError.of("InvalidInput", {
      kind: "aliasName",
      member: "aliasName",
      reason: 'Alias names that begin with "alias/aws/" are reserved for keys that services manage.',
    });
  }
}
