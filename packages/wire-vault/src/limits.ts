import type { Limit } from "@coffer/service";

function limit(name: string, value: number, unit: string, about: string): Limit {
  return { name, value, unit, about };
}

/** What this wire limits on its own, each once. */
export const vaultLimits = {
  pathChars: limit("pathChars", 1024, "characters", "request path of the Vault API, as sent"),
  bodyMembers: limit("bodyMembers", 64, "parameters", "parameters of one request; a batch is one"),
  secretMembers: limit(
    "secretMembers",
    10_000,
    "parameters",
    "parameters of one request where they are the secret itself: KV version 1, cubbyhole",
  ),
  customMetadataKeys: limit("customMetadataKeys", 64, "keys", "`custom_metadata` of a secret (OpenBao)"),
  customMetadataKeyBytes: limit("customMetadataKeyBytes", 128, "bytes", "key of `custom_metadata` (OpenBao)"),
  customMetadataValueBytes: limit("customMetadataValueBytes", 512, "bytes", "value of `custom_metadata` (OpenBao)"),
  keyNameChars: limit("keyNameChars", 128, "characters", "name of a Transit key"),
  referenceChars: limit("referenceChars", 1024, "characters", "`reference` of one batch item"),
  ignoredNames: limit("ignoredNames", 16, "names", "unrecognized parameters that a warning names"),
  capabilityPaths: limit("capabilityPaths", 100, "paths", "paths of one sys/capabilities-self"),
} as const satisfies Record<string, Limit>;
