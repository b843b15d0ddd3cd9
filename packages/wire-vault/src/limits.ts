import type { Limit } from "@coffer/service";

function limit(name: string, value: number, unit: string, about: string): Limit {
  return { name, value, unit, about };
}

/** What this wire limits on its own, each once. */
export const vaultLimits = {
  pathChars: limit("pathChars", 1024, "characters", "request path of the Vault API, as sent"),
  bodyMembers: limit("bodyMembers", 64, "parameters", "parameters of one request; a batch is one"),
  keyNameChars: limit("keyNameChars", 128, "characters", "name of a Transit key"),
  referenceChars: limit("referenceChars", 1024, "characters", "`reference` of one batch item"),
  ignoredNames: limit("ignoredNames", 16, "names", "unrecognized parameters that a warning names"),
  capabilityPaths: limit("capabilityPaths", 100, "paths", "paths of one sys/capabilities-self"),
} as const satisfies Record<string, Limit>;
