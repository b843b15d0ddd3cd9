/** Rows of docs/divergences/vault.md that several steps name. */
export const rows = {
  already: "A key that is there already",
  batch: "A batch that cannot be parsed",
  init: "`sys/init` of a seal that opens by itself",
  methods: "Methods that an endpoint has not got",
  patch: "PATCH of what has none",
  plugins: "Versions of plugins",
  positions: "Positions in the errors of policies",
  short: "A ciphertext too short to be one",
  since: "Warnings that name the original",
  wrongToken: "A wrong token",
  wrongType: "Values of the wrong type",
} as const;
