import {
  type CustomKeyStoreRecord,
  connectCustomKeyStore,
  createCustomKeyStore,
  deleteCustomKeyStore,
  describeCustomKeyStores,
  disconnectCustomKeyStore,
  type KeyStoreState,
  updateCustomKeyStore,
} from "@coffer/service";
import { defineCodec, encodeOutput } from "./codec.ts";
import type {
  CreateCustomKeyStoreRequest,
  CustomKeyStoresListEntry,
  UpdateCustomKeyStoreRequest,
  XksProxyAuthenticationCredentialType,
} from "./generated/types.ts";
import { epochSeconds } from "./key-metadata.ts";
import { encodePage } from "./page.ts";
import { refuseInput, refuseUnsupported } from "./refuse-parameter.ts";

/** @throws ServiceError Unsupported for what only a key store in an AWS CloudHSM cluster, or a VPC, has */
function refuseAwsOnly(input: CreateCustomKeyStoreRequest | UpdateCustomKeyStoreRequest): void {
  if (input.CloudHsmClusterId !== undefined) refuseUnsupported("CloudHsmClusterId (there is no AWS CloudHSM here)");
  if (input.KeyStorePassword !== undefined) refuseUnsupported("KeyStorePassword (there is no AWS CloudHSM here)");
  const { XksProxyVpcEndpointServiceName, XksProxyVpcEndpointServiceOwner, XksProxyConnectivity } = input;
  if (XksProxyConnectivity === "VPC_ENDPOINT_SERVICE") {
    refuseUnsupported("XksProxyConnectivity VPC_ENDPOINT_SERVICE (there are no VPC endpoints here)");
  }
  if (XksProxyVpcEndpointServiceName !== undefined) refuseUnsupported("XksProxyVpcEndpointServiceName");
  if (XksProxyVpcEndpointServiceOwner !== undefined) refuseUnsupported("XksProxyVpcEndpointServiceOwner");
}

function decodeCredential({ AccessKeyId, RawSecretAccessKey }: XksProxyAuthenticationCredentialType) {
  return { accessKeyId: AccessKeyId, secretAccessKey: RawSecretAccessKey };
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) refuseInput(`${name} is required for a custom key store of type EXTERNAL_KEY_STORE.`);
  return value;
}

/** AWS KMS: CreateCustomKeyStore, of type EXTERNAL_KEY_STORE. */
export const createCustomKeyStoreCodec = defineCodec("CreateCustomKeyStore", {
  operation: createCustomKeyStore,
  decode(input) {
    // AWS's default.
    if ((input.CustomKeyStoreType ?? "AWS_CLOUDHSM") === "AWS_CLOUDHSM") {
      refuseUnsupported("CustomKeyStoreType AWS_CLOUDHSM (there is no AWS CloudHSM here; use EXTERNAL_KEY_STORE)");
    }
    refuseAwsOnly(input);
    if (input.TrustAnchorCertificate !== undefined) refuseUnsupported("TrustAnchorCertificate");
    required(input.XksProxyConnectivity, "XksProxyConnectivity");
    return {
      name: input.CustomKeyStoreName,
      uriEndpoint: required(input.XksProxyUriEndpoint, "XksProxyUriEndpoint"),
      uriPath: required(input.XksProxyUriPath, "XksProxyUriPath"),
      credential: decodeCredential(
        required(input.XksProxyAuthenticationCredential, "XksProxyAuthenticationCredential"),
      ),
    };
  },
  encode: ({ keyStore }) => encodeOutput<"CreateCustomKeyStore">({ CustomKeyStoreId: keyStore.customKeyStoreId }),
});

/** AWS KMS: UpdateCustomKeyStore. */
export const updateCustomKeyStoreCodec = defineCodec("UpdateCustomKeyStore", {
  operation: updateCustomKeyStore,
  decode(input) {
    refuseAwsOnly(input);
    const { XksProxyAuthenticationCredential } = input;
    return {
      customKeyStoreId: input.CustomKeyStoreId,
      name: input.NewCustomKeyStoreName,
      uriEndpoint: input.XksProxyUriEndpoint,
      uriPath: input.XksProxyUriPath,
      credential:
        XksProxyAuthenticationCredential === undefined ? undefined : decodeCredential(XksProxyAuthenticationCredential),
    };
  },
  encode: encodeEmpty,
});

/** AWS answers these operations with an object that has no members, not with nothing. */
function encodeEmpty(): string {
  return "{}";
}

/** AWS KMS: DeleteCustomKeyStore. */
export const deleteCustomKeyStoreCodec = defineCodec("DeleteCustomKeyStore", {
  operation: deleteCustomKeyStore,
  decode: ({ CustomKeyStoreId }) => ({ customKeyStoreId: CustomKeyStoreId }),
  encode: encodeEmpty,
});

/** AWS KMS: ConnectCustomKeyStore. */
export const connectCustomKeyStoreCodec = defineCodec("ConnectCustomKeyStore", {
  operation: connectCustomKeyStore,
  decode: ({ CustomKeyStoreId }) => ({ customKeyStoreId: CustomKeyStoreId }),
  encode: encodeEmpty,
});

/** AWS KMS: DisconnectCustomKeyStore. */
export const disconnectCustomKeyStoreCodec = defineCodec("DisconnectCustomKeyStore", {
  operation: disconnectCustomKeyStore,
  decode: ({ CustomKeyStoreId }) => ({ customKeyStoreId: CustomKeyStoreId }),
  encode: encodeEmpty,
});

const connectionStates: Readonly<Record<KeyStoreState, string>> = {
  connected: "CONNECTED",
  disconnected: "DISCONNECTED",
  failed: "FAILED",
};

function listEntry(keyStore: CustomKeyStoreRecord): CustomKeyStoresListEntry {
  const { connectionError } = keyStore;
  return {
    CustomKeyStoreId: keyStore.customKeyStoreId,
    CustomKeyStoreName: keyStore.name,
    ConnectionState: connectionStates[keyStore.state],
    ...(connectionError === undefined ? {} : { ConnectionErrorCode: connectionError }),
    CreationDate: epochSeconds(keyStore.createdAtMs),
    CustomKeyStoreType: "EXTERNAL_KEY_STORE",
    XksProxyConfiguration: {
      Connectivity: "PUBLIC_ENDPOINT",
      AccessKeyId: keyStore.accessKeyId,
      UriEndpoint: keyStore.uriEndpoint,
      UriPath: keyStore.uriPath,
    },
  };
}

/** AWS KMS: DescribeCustomKeyStores. */
export const describeCustomKeyStoresCodec = defineCodec("DescribeCustomKeyStores", {
  operation: describeCustomKeyStores,
  decode: ({ CustomKeyStoreId, CustomKeyStoreName, Limit, Marker }) => ({
    customKeyStoreId: CustomKeyStoreId,
    name: CustomKeyStoreName,
    limit: Limit,
    marker: Marker,
  }),
  encode: (page) =>
    encodeOutput<"DescribeCustomKeyStores">({ CustomKeyStores: page.items.map(listEntry), ...encodePage(page) }),
});
