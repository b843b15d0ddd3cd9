import { SecretBytes } from "@coffer/crypto";
import { proxyOf, unwrapSecret } from "../../key-stores/key-store-directory.ts";
import { keyStoreIdentity } from "../../keys/identity.ts";
import { limits } from "../../limits.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { checkText } from "../checks.ts";
import {
  checkAddress,
  checkProxy,
  checkUnique,
  findKeyStore,
  type KeyStoreInput,
  keyStoreAction,
  keyStoresChanged,
  listOwnKeyStores,
  refuseKeyStore,
} from "./checks.ts";
import type { ProxyCredential } from "./create-custom-key-store.ts";

export interface UpdateCustomKeyStoreInput extends KeyStoreInput {
  readonly name?: string | undefined;
  readonly uriEndpoint?: string | undefined;
  readonly uriPath?: string | undefined;
  readonly credential?: ProxyCredential | undefined;
}

/**
 * AWS KMS: UpdateCustomKeyStore. Name, path and credential may change while the store is connected, its endpoint only
 * while it is not; what leads to the proxy is tried before it is kept.
 */
export const updateCustomKeyStore = defineOperation<UpdateCustomKeyStoreInput, null>({
  name: "UpdateCustomKeyStore",
  plane: "control",
  readOnly: false,
  keys: [],
  resources: keyStoreAction("UpdateCustomKeyStore"),
  record: ({ customKeyStoreId, name, uriEndpoint, uriPath, credential }) => ({
    customKeyStoreId,
    newCustomKeyStoreName: name,
    xksProxyUriEndpoint: uriEndpoint,
    xksProxyUriPath: uriPath,
    xksProxyAuthenticationAccessKeyId: credential?.accessKeyId,
  }),
  async run({ core, input, request }) {
    const { customKeyStoreId, credential } = input;
    const changed = await keyStoresChanged(core, request);
    const { record } = await findKeyStore(core, request, customKeyStoreId);
    const { name = record.name, uriEndpoint = record.uriEndpoint, uriPath = record.uriPath } = input;
    if (record.state === "failed" || (record.state === "connected" && input.uriEndpoint !== undefined)) {
      refuseKeyStore("invalidState", `Custom key store ${customKeyStoreId} must be disconnected for this change.`);
    }
    checkText(name, "newCustomKeyStoreName", limits.keyStoreNameChars.value);
    checkAddress(uriEndpoint, uriPath);
    const others = await listOwnKeyStores(core, request);
    const unique = { name, uriEndpoint, uriPath };
    checkUnique(
      others.filter((other) => other.customKeyStoreId !== customKeyStoreId),
      unique,
    );
    using secret =
      credential === undefined
        ? unwrapSecret(core.keyring, record)
        : SecretBytes.takeFrom(Buffer.from(credential.secretAccessKey));
    const accessKeyId = credential?.accessKeyId ?? record.accessKeyId;
    if (input.uriEndpoint !== undefined || input.uriPath !== undefined || credential !== undefined) {
      const proxy = proxyOf({ region: record.region, uriEndpoint, uriPath, accessKeyId }, secret);
      await checkProxy(core, proxy, "UpdateCustomKeyStore", request);
    }
    const { wrappingKeyId, wrapped } = core.keyring.wrap(secret, keyStoreIdentity(record));
    const revision = record.revision + 1;
    const row = { ...record, ...unique, accessKeyId, wrappingKeyId, wrappedSecret: wrapped, revision };
    await core.commit([changed, { op: "update", table: "customKeyStores", row }]);
    return null;
  },
});
