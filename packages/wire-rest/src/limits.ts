import type { Limit } from "@coffer/service";

function limit(name: string, value: number, unit: string, about: string): Limit {
  return { name, value, unit, about };
}

/** What this wire limits on its own, each once. Those of keys and messages are the core's. */
export const restLimits = {
  pathChars: limit("pathChars", 2048, "characters", "request path of the REST API, as sent"),
  queryMembers: limit("queryMembers", 16, "members", "members of a query"),
  bodyMembers: limit("bodyMembers", 16, "members", "members of a JSON body, but for the pairs of `context`"),
  contextPairs: limit(
    "contextPairs",
    256,
    "pairs",
    "pairs of `context`; their bytes are limited by encryptionContextBytes",
  ),
  keyNameChars: limit("keyNameChars", 250, "characters", "`key_id` of a new key: an alias name without its prefix"),
  auditPage: limit("auditPage", 1000, "events", "one page of `/audit/events`"),
} as const satisfies Record<string, Limit>;
