import type { Limit } from "@coffer/service";

function limit(name: string, value: number, unit: string, about: string): Limit {
  return { name, value, unit, about };
}

/** The limits of the AWS wire itself, each once. Those of keys and messages are the core's and the AWS model's. */
export const awsLimits = {
  kmsClockSkewMs: limit(
    "kmsClockSkewMs",
    300_000,
    "ms",
    "how far the clock of a caller of KMS may be off (AWS KMS: 5 min.)",
  ),
  stsClockSkewMs: limit(
    "stsClockSkewMs",
    900_000,
    "ms",
    "how far the clock of a caller of STS may be off (AWS STS: 15 min.)",
  ),
  signingKeys: limit("signingKeys", 10_000, "keys", "derived SigV4 signing keys held in memory"),
  regionChars: limit("regionChars", 32, "characters", "region name in a credential scope (AWS KMS: RegionType)"),
  userAgentChars: limit(
    "userAgentChars",
    256,
    "characters",
    "User-Agent kept for the audit record; the rest is cut off",
  ),
  targetChars: limit("targetChars", 128, "characters", "unknown operation name kept for the audit record"),
  formBytes: limit("formBytes", 131_072, "bytes", "form or query of an STS or IAM request"),
  formDepth: limit("formDepth", 8, "levels", "dots and what is between them in a field's name of a form"),
  validationErrors: limit("validationErrors", 10, "errors", "constraint violations told in one ValidationException"),
  echoedChars: limit("echoedChars", 4096, "characters", "a refused value repeated in a ValidationException"),
} as const satisfies Record<string, Limit>;
