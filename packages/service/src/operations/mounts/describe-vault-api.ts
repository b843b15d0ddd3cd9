import { defineOperation } from "../../pipeline/operation.ts";

/** Vault API: sys/internal/specs/openapi. The description is the wire's own; anybody may ask for it. */
export const describeVaultApi = defineOperation<null, null>({
  name: "DescribeVaultApi",
  plane: "control",
  readOnly: true,
  eventSource: "vault.coffer",
  keys: [],
  record: () => null,
  run: async () => null,
});
