import type { Limit } from "@coffer/service";

function limit(name: string, value: number, unit: string, about: string): Limit {
  return { name, value, unit, about };
}

/** The limits of the XKS proxy, each once. The sizes are the least that the XKS Proxy API asks of a proxy. */
export const xksLimits = {
  plaintextBytes: limit(
    "plaintextBytes",
    4300,
    "bytes",
    "plaintext or ciphertext of one call (XKS Proxy API: Encrypt)",
  ),
  aadBytes: limit("aadBytes", 8192, "bytes", "additionalAuthenticatedData (XKS Proxy API: Encrypt)"),
  externalKeyIdChars: limit("externalKeyIdChars", 128, "characters", "externalKeyId in the path (XKS Proxy API)"),
  metadataChars: limit("metadataChars", 2048, "characters", "one member of requestMetadata (XKS Proxy API: ARNs)"),
  clockSkewMs: limit("clockSkewMs", 300_000, "ms", "how far the clock of a KMS may be off (XKS Proxy API: 5 minutes)"),
  signingKeys: limit("signingKeys", 1000, "keys", "derived SigV4 signing keys held in memory"),
  userAgentChars: limit(
    "userAgentChars",
    256,
    "characters",
    "User-Agent kept for the audit record; the rest is cut off",
  ),
  pathChars: limit("pathChars", 256, "characters", "path kept for the audit record; the rest is cut off"),
} as const satisfies Record<string, Limit>;
