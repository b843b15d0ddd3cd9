import type { Limit } from "@coffer/service";

function limit(name: string, value: number, unit: string, about: string): Limit {
  return { name, value, unit, about };
}

/** What this wire limits on its own, each once. */
export const restLimits = {
  pathChars: limit("pathChars", 2048, "characters", "request path of the REST API, as sent"),
  keyIdChars: limit("keyIdChars", 250, "characters", "name of a key: an alias name without `alias/`"),
  keyReferenceChars: limit("keyReferenceChars", 512, "characters", "key id, ARN or name in a request"),
  policyNameChars: limit("policyNameChars", 128, "characters", "name of an identity policy (IAM: PutUserPolicy)"),
  tokenNameChars: limit("tokenNameChars", 128, "characters", "display name of a token"),
  tokenLifetimeSeconds: limit("tokenLifetimeSeconds", 315_360_000, "seconds", "lifetime of a token: ten years"),
  contextPairs: limit("contextPairs", 256, "pairs", "members of an encryption context"),
  shownNameChars: limit("shownNameChars", 64, "characters", "how much of a caller's own name an error repeats"),
} as const satisfies Record<string, Limit>;
