import { digestWith, type TransitHash } from "@coffer/crypto";
import { defineOperation } from "../../pipeline/operation.ts";

/** Vault API: Transit and sys/tools, hash data. Needs a token, and no key. */
export const hashData = defineOperation<{ readonly hash: TransitHash; readonly input: Uint8Array }, Buffer>({
  name: "HashData",
  plane: "data",
  readOnly: true,
  eventSource: "vault.coffer",
  keys: [],
  record: ({ hash }) => ({ hash: hash.opensslName }),
  run: async ({ input: { hash, input } }) => digestWith(hash.opensslName, input),
});
