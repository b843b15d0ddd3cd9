/**
 * Whether a custom key store is connected (AWS KMS API: ConnectionStateType). Connecting takes no longer than one request
 * here, so nothing is ever on its way.
 */
export type KeyStoreState = "disconnected" | "connected" | "failed";

/** Why the last attempt to connect failed (AWS KMS API: ConnectionErrorCodeType, those of external key stores). */
export type KeyStoreConnectionError =
  | "XKS_PROXY_ACCESS_DENIED"
  | "XKS_PROXY_NOT_REACHABLE"
  | "XKS_PROXY_INVALID_RESPONSE"
  | "XKS_PROXY_INVALID_CONFIGURATION"
  | "XKS_PROXY_TIMED_OUT"
  | "XKS_PROXY_INVALID_TLS_CONFIGURATION";

/** A custom key store of type `EXTERNAL_KEY_STORE`: the proxy behind which its external keys are. */
export interface CustomKeyStoreRecord {
  readonly account: string;
  readonly region: string;
  /** `cks-` and 17 hex digits. */
  readonly customKeyStoreId: string;
  /** Unique in its account and region. */
  readonly name: string;
  /** `https://HOST` or `https://HOST:PORT`. */
  readonly uriEndpoint: string;
  /** Ends in `/kms/xks/v1`. */
  readonly uriPath: string;
  /** The credential that the proxy knows this KMS by. */
  readonly accessKeyId: string;
  readonly wrappingKeyId: string;
  readonly wrappedSecret: Uint8Array;
  readonly state: KeyStoreState;
  /** Set exactly in `failed`. */
  readonly connectionError?: KeyStoreConnectionError;
  readonly createdAtMs: number;
  readonly revision: number;
}
