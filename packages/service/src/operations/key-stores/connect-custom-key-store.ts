import type { Core } from "../../core.ts";
import { connectionError } from "../../key-stores/proxy-failures.ts";
import type { CustomKeyStoreRecord, KeyStoreConnectionError } from "../../model/key-store.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { findKeyStore, type KeyStoreInput, keyStoreAction, refuseKeyStore } from "./checks.ts";

async function setState(
  core: Core,
  keyStore: CustomKeyStoreRecord,
  state: CustomKeyStoreRecord["state"],
  error?: KeyStoreConnectionError,
): Promise<void> {
  const { connectionError: _, ...rest } = keyStore;
  const failed = error === undefined ? {} : { connectionError: error };
  const row = { ...rest, state, ...failed, revision: keyStore.revision + 1 };
  await core.commit([{ op: "update", table: "customKeyStores", row }]);
}

/**
 * AWS KMS: ConnectCustomKeyStore. It succeeds as AWS's does, whatever comes of it: the state and the reason of a failure
 * are in DescribeCustomKeyStores, here as soon as this returns.
 */
export const connectCustomKeyStore = defineOperation<KeyStoreInput, null>({
  name: "ConnectCustomKeyStore",
  plane: "control",
  readOnly: false,
  keys: [],
  resources: keyStoreAction("ConnectCustomKeyStore"),
  record: ({ customKeyStoreId }) => ({ customKeyStoreId }),
  async run({ core, input: { customKeyStoreId }, request }) {
    const { record, proxy } = await findKeyStore(core, request, customKeyStoreId);
    if (record.state === "connected") return null;
    if (record.state === "failed") {
      refuseKeyStore("invalidState", `Custom key store ${customKeyStoreId} failed to connect; disconnect it first.`);
    }
    const metadata = { kmsOperation: "ConnectCustomKeyStore", kmsRequestId: request.requestId };
    try {
      await core.externalKeys.checkHealth({ proxy, metadata });
    } catch (error) {
      const reason = connectionError(error);
      if (reason === undefined) throw error;
      await setState(core, record, "failed", reason);
      return null;
    }
    await setState(core, record, "connected");
    return null;
  },
});

/** AWS KMS: DisconnectCustomKeyStore. Its keys are unavailable from then on. */
export const disconnectCustomKeyStore = defineOperation<KeyStoreInput, null>({
  name: "DisconnectCustomKeyStore",
  plane: "control",
  readOnly: false,
  keys: [],
  resources: keyStoreAction("DisconnectCustomKeyStore"),
  record: ({ customKeyStoreId }) => ({ customKeyStoreId }),
  async run({ core, input: { customKeyStoreId }, request }) {
    const { record } = await findKeyStore(core, request, customKeyStoreId);
    if (record.state === "disconnected") {
      refuseKeyStore("invalidState", `Custom key store ${customKeyStoreId} is disconnected already.`);
    }
    await setState(core, record, "disconnected");
    return null;
  },
});
