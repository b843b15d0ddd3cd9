/** What a Vault policy may hold at most: what is past these is refused when it is written, never when it decides. */
export const vaultPolicyLimits = {
  /** UTF-8 bytes of its text. */
  textBytes: 131_072,
  /** Lists and objects inside one another. */
  depth: 16,
  /** `path` blocks. */
  paths: 1000,
} as const;
