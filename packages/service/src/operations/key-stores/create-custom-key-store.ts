import { SecretBytes } from "@coffer/crypto";
import { ServiceError } from "../../errors.ts";
import { proxyOf } from "../../key-stores/key-store-directory.ts";
import { keyStoreIdentity } from "../../keys/identity.ts";
import { limits } from "../../limits.ts";
import type { CustomKeyStoreRecord } from "../../model/key-store.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { checkText } from "../checks.ts";
import {
  checkAddress,
  checkProxy,
  checkUnique,
  keyStoreAction,
  keyStoresChanged,
  listOwnKeyStores,
  newKeyStoreId,
} from "./checks.ts";

/** The credential that a proxy knows this KMS by. */
export interface ProxyCredential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface CreateCustomKeyStoreInput {
  /** 1 to 256 characters. */
  readonly name: string;
  /** `https://HOST` or `https://HOST:PORT`. */
  readonly uriEndpoint: string;
  /** Ends in `/kms/xks/v1`. */
  readonly uriPath: string;
  readonly credential: ProxyCredential;
}

/** AWS KMS: CreateCustomKeyStore of type EXTERNAL_KEY_STORE. The proxy must answer; it is not connected yet. */
export const createCustomKeyStore = defineOperation<
  CreateCustomKeyStoreInput,
  { readonly keyStore: CustomKeyStoreRecord }
>({
  name: "CreateCustomKeyStore",
  plane: "control",
  readOnly: false,
  keys: [],
  resources: keyStoreAction("CreateCustomKeyStore"),
  record: ({ name, uriEndpoint, uriPath, credential }) => ({
    customKeyStoreName: name,
    customKeyStoreType: "EXTERNAL_KEY_STORE",
    xksProxyUriEndpoint: uriEndpoint,
    xksProxyUriPath: uriPath,
    xksProxyConnectivity: "PUBLIC_ENDPOINT",
    xksProxyAuthenticationAccessKeyId: credential.accessKeyId,
  }),
  recordOutput: ({ keyStore }) => ({ customKeyStoreId: keyStore.customKeyStoreId }),
  async run({ core, input, request, nowMs }) {
    const { name, uriEndpoint, uriPath, credential } = input;
    const { region, principal } = request;
    checkText(name, "customKeyStoreName", limits.keyStoreNameChars.value);
    checkAddress(uriEndpoint, uriPath);
    const changed = await keyStoresChanged(core, request);
    const others = await listOwnKeyStores(core, request);
    checkUnique(others, input);
    const max = limits.customKeyStores.value;
    if (others.length >= max) {
      const reason = `An account has at most ${max} custom key stores in a region.`;
      throw ServiceError.of("LimitExceeded", { limit: limits.customKeyStores.name, max, reason });
    }
    using secret = SecretBytes.takeFrom(Buffer.from(credential.secretAccessKey));
    const address = { region, uriEndpoint, uriPath, accessKeyId: credential.accessKeyId };
    await checkProxy(core, proxyOf(address, secret), "CreateCustomKeyStore", request);
    const identity = { account: principal.account, region, customKeyStoreId: newKeyStoreId(core) };
    const { wrappingKeyId, wrapped } = core.keyring.wrap(secret, keyStoreIdentity(identity));
    const keyStore: CustomKeyStoreRecord = {
      ...identity,
      ...address,
      name,
      wrappingKeyId,
      wrappedSecret: wrapped,
      state: "disconnected",
      createdAtMs: nowMs,
      revision: 1,
    };
    await core.commit([changed, { op: "insert", table: "customKeyStores", row: keyStore }]);
    return { keyStore };
  },
});
