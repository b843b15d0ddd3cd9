import { type KeyStoreProblem, ServiceError } from "../errors.ts";
import type { KeyStoreConnectionError } from "../model/key-store.ts";
import { ExternalKeyError, type ExternalKeyFailure } from "../ports/external-keys.ts";

/** What one failure of a proxy means to each kind of caller. */
interface FailureRow {
  /** AWS's sentence, the same for every operation. */
  readonly reason: string;
  /** For CreateCustomKeyStore and UpdateCustomKeyStore. */
  readonly store: KeyStoreProblem;
  /** For CreateKey. */
  readonly key: KeyStoreProblem;
  /** For ConnectCustomKeyStore. */
  readonly connection: KeyStoreConnectionError;
}

const uninterpretable =
  "AWS KMS cannot interpret the response from the external key store proxy. If you see this error repeatedly, report it to your external key store proxy administrator.";

/** One row a failure (XKS Proxy API 1.0: Error codes, KMS considerations; AWS KMS API: CustomKeyStoresListEntry). */
const rows: Readonly<Record<ExternalKeyFailure, FailureRow>> = {
  validation: {
    reason: uninterpretable,
    store: "invalidResponse",
    key: "invalidState",
    connection: "XKS_PROXY_INVALID_RESPONSE",
  },
  malformed: {
    reason: uninterpretable,
    store: "invalidResponse",
    key: "invalidState",
    connection: "XKS_PROXY_INVALID_RESPONSE",
  },
  invalidState: {
    reason:
      "The external key associated with this KMS key in an external key store is not enabled in the external key manager. Enable the external key in the external key manager and retry the request.",
    store: "invalidResponse",
    key: "keyInvalid",
    connection: "XKS_PROXY_INVALID_RESPONSE",
  },
  invalidCiphertext: {
    reason:
      "The external key store proxy rejected the request because the specified ciphertext or encryption context is corrupted, missing, or otherwise invalid.",
    store: "invalidResponse",
    key: "invalidState",
    connection: "XKS_PROXY_INVALID_RESPONSE",
  },
  invalidKeyUsage: {
    reason:
      "The external key associated with this KMS key in an external key store does not support the requested operation. Enable the operation on the key in your external key manager, and try the request again.",
    store: "invalidResponse",
    key: "keyInvalid",
    connection: "XKS_PROXY_INVALID_RESPONSE",
  },
  authenticationFailed: {
    reason:
      "The external key store proxy rejected the request because it could not authenticate AWS KMS. Verify the XKS proxy authentication credentials for your external key store and update if necessary.",
    store: "incorrectCredential",
    key: "invalidState",
    connection: "XKS_PROXY_ACCESS_DENIED",
  },
  accessDenied: {
    reason:
      "The external key store proxy denied access to the operation. Verify that the user and the external key are both authorized for this operation, and try the request again.",
    store: "incorrectCredential",
    key: "accessDenied",
    connection: "XKS_PROXY_ACCESS_DENIED",
  },
  keyNotFound: {
    reason:
      "The external key associated with this KMS key in an external key store was not found in its external key manager. If the external key ID associated with this KMS key is incorrect, create a new KMS key with the correct external key ID.",
    store: "invalidResponse",
    key: "keyNotFound",
    connection: "XKS_PROXY_INVALID_RESPONSE",
  },
  invalidUriPath: {
    reason:
      "The external key store proxy rejected the request because of an invalid URI path. Verify the URI path for your external key store and update if necessary.",
    store: "invalidConfiguration",
    key: "invalidState",
    connection: "XKS_PROXY_INVALID_CONFIGURATION",
  },
  unsupported: {
    reason:
      "The external key store proxy rejected the request because it does not support the requested operation. If you see this error repeatedly, report it to your external key store proxy administrator.",
    store: "invalidResponse",
    key: "keyInvalid",
    connection: "XKS_PROXY_INVALID_RESPONSE",
  },
  dependencyTimeout: {
    reason:
      "The external key store proxy did not respond to the request in the time allotted. Retry the request. If you see this error repeatedly, report it to your external key store proxy administrator.",
    store: "unreachable",
    key: "invalidState",
    connection: "XKS_PROXY_TIMED_OUT",
  },
  throttled: {
    reason:
      "The external key store proxy rejected the request due to a very high request rate. Reduce the frequency of your calls using KMS keys in this external key store.",
    store: "unreachable",
    key: "invalidState",
    connection: "XKS_PROXY_TIMED_OUT",
  },
  internal: {
    reason:
      "The external key store proxy rejected the request because it cannot communicate with the external key manager. Verify that the external key store proxy configuration is correct and that the external key manager is available.",
    store: "invalidResponse",
    key: "invalidState",
    connection: "XKS_PROXY_INVALID_RESPONSE",
  },
  unreachable: {
    reason:
      "AWS KMS cannot communicate with the external key store proxy. This might be a transient network issue. If you see this error repeatedly, verify that your external key store proxy is active and is connected to the network, and that its endpoint URI is correct in your external key store.",
    store: "unreachable",
    key: "invalidState",
    connection: "XKS_PROXY_NOT_REACHABLE",
  },
  tls: {
    reason:
      "AWS KMS cannot establish a TLS connection to the external key store proxy. Verify the TLS configuration, including its certificate.",
    store: "unreachable",
    key: "invalidState",
    connection: "XKS_PROXY_INVALID_TLS_CONFIGURATION",
  },
  timeout: {
    reason:
      "AWS KMS rejected the request because the external key store proxy did not respond in time. Retry the request. If you see this error repeatedly, report it to your external key store proxy administrator.",
    store: "unreachable",
    key: "invalidState",
    connection: "XKS_PROXY_TIMED_OUT",
  },
};

/** Why a key store in another state than connected is of no use. */
export const notConnected =
  "This KMS key is in a custom key store that is not connected to its external key store proxy. Connect the external key store and try the request again.";

/** The error of CreateCustomKeyStore and UpdateCustomKeyStore. Gives back what is no failure of a proxy. */
export function storeFailure(error: unknown): unknown {
  if (!(error instanceof ExternalKeyError)) return error;
  const { store, reason } = rows[error.failure];
  return ServiceError.of("KeyStoreInvalid", { problem: store, reason }, error);
}

/** The error of CreateKey. */
export function createKeyFailure(error: unknown): unknown {
  if (!(error instanceof ExternalKeyError)) return error;
  const { key, reason } = rows[error.failure];
  return ServiceError.of("KeyStoreInvalid", { problem: key, reason }, error);
}

/** The error of everything that uses a key. */
export function useFailure(error: unknown, keyArn: string): unknown {
  if (!(error instanceof ExternalKeyError)) return error;
  const { reason } = rows[error.failure];
  return ServiceError.of("KeyStateInvalid", { keyArn, state: "unavailable", reason }, error);
}

/** Why a key store could not be connected; undefined for what is no failure of a proxy. */
export function connectionError(error: unknown): KeyStoreConnectionError | undefined {
  return error instanceof ExternalKeyError ? rows[error.failure].connection : undefined;
}
