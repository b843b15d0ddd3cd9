import { type AuthMountInput, authOperation } from "../auth-operation.ts";
import { flushLeftovers } from "./secret-id.ts";

/**
 * Vault API: auth/approle/tidy/secret-id. Secret ids end by themselves, with their accessors; what is left to look for are
 * those of roles whose deletion was cut short.
 */
export const tidySecretIds = authOperation<AuthMountInput, null>({
  name: "TidyAppRoleSecretIds",
  readOnly: false,
  record: () => ({}),
  async run({ core, input }) {
    await flushLeftovers(core, input.mount);
    return null;
  },
});
