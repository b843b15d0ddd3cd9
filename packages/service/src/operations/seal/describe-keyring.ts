import { defineOperation } from "../../pipeline/operation.ts";
import { sealEventSource } from "../../seal/seal-event.ts";
import { vaultPathAccess } from "../../vault/vault-principal.ts";

/** The wrapping key that wraps now. */
export interface KeyringDescription {
  /** 1 for the first wrapping key, one more with each rotation. */
  readonly term: number;
  readonly createdAtMs: number;
}

/** Vault API: sys/key-status. */
export const describeKeyring = defineOperation<null, KeyringDescription>({
  name: "DescribeKeyring",
  plane: "control",
  readOnly: true,
  eventSource: sealEventSource,
  instanceWide: true,
  keys: [],
  resources: vaultPathAccess,
  record: () => null,
  run: ({ core }) => core.keyring.describe(),
});
