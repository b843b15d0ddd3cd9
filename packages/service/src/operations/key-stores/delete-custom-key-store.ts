import { defineOperation } from "../../pipeline/operation.ts";
import { findKeyStore, type KeyStoreInput, keyStoreAction, refuseKeyStore } from "./checks.ts";

/** AWS KMS: DeleteCustomKeyStore. It must be disconnected and hold no key, not even one that is pending deletion. */
export const deleteCustomKeyStore = defineOperation<KeyStoreInput, null>({
  name: "DeleteCustomKeyStore",
  plane: "control",
  readOnly: false,
  keys: [],
  resources: keyStoreAction("DeleteCustomKeyStore"),
  record: ({ customKeyStoreId }) => ({ customKeyStoreId }),
  async run({ core, input: { customKeyStoreId }, request }) {
    const { record } = await findKeyStore(core, request, customKeyStoreId);
    const { account, region, revision } = record;
    // After the record: a key that comes meanwhile changes its revision.
    if ((await core.store.listKeysInStore(region, customKeyStoreId, "", 1)).length > 0) {
      refuseKeyStore("hasKeys", `Custom key store ${customKeyStoreId} holds KMS keys; schedule their deletion first.`);
    }
    if (record.state !== "disconnected") {
      refuseKeyStore("invalidState", `Custom key store ${customKeyStoreId} must be disconnected before it is deleted.`);
    }
    const key = { account, region, customKeyStoreId };
    await core.commit([{ op: "delete", table: "customKeyStores", key, revision }]);
    return null;
  },
});
