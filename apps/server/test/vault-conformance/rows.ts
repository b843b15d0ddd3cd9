/** Rows of docs/divergences/vault.md that several steps name. */
export const rows = {
  already: "A key that is there already",
  batch: "A batch that cannot be parsed",
  patch: "PATCH of what has none",
  short: "A ciphertext too short to be one",
  since: "Warnings that name the original",
  wrongType: "Values of the wrong type",
} as const;
