import type { ExternalCiphertext, SecretBytes } from "@coffer/crypto";
import type { XksRequestMetadata } from "../operations/xks/request-metadata.ts";

/** An external key store proxy, and the credential that it knows us by. */
export interface ExternalKeyProxy {
  /** `https://HOST` or `https://HOST:PORT`. */
  readonly uriEndpoint: string;
  /** Ends in `/kms/xks/v1`. */
  readonly uriPath: string;
  readonly accessKeyId: string;
  readonly secret: SecretBytes;
  /** The region of the credential scope. */
  readonly region: string;
}

/** What a proxy says of a key. */
export interface ExternalKeyFacts {
  /** `AES_256` for the keys that serve. */
  readonly keySpec: string;
  readonly keyUsage: readonly string[];
  readonly enabled: boolean;
}

/**
 * Why a call of a proxy failed: the error that it answered (XKS Proxy API 1.0: Error codes), or how far the call got.
 * `unreachable`: no connection; `tls`: no TLS connection; `timeout`: no answer in time; `malformed`: no answer of the API.
 */
export type ExternalKeyFailure =
  | "validation"
  | "invalidState"
  | "invalidCiphertext"
  | "invalidKeyUsage"
  | "authenticationFailed"
  | "accessDenied"
  | "keyNotFound"
  | "invalidUriPath"
  | "throttled"
  | "unsupported"
  | "dependencyTimeout"
  | "internal"
  | "unreachable"
  | "tls"
  | "timeout"
  | "malformed";

/** A call of a proxy failed. `cause` never leaves the process. */
export class ExternalKeyError extends Error {
  readonly failure: ExternalKeyFailure;

  constructor(failure: ExternalKeyFailure, cause?: unknown) {
    super(`external key store proxy: ${failure}`, cause === undefined ? undefined : { cause });
    this.name = "ExternalKeyError";
    this.failure = failure;
  }
}

/** One call: which proxy, and what it is told of the request behind the call. */
export interface ExternalKeyCall {
  readonly proxy: ExternalKeyProxy;
  readonly metadata: XksRequestMetadata;
}

/** The port for keys behind external key store proxies. Every method throws ExternalKeyError, and nothing else. */
export interface ExternalKeys {
  /** Resolves when the proxy, and a key manager behind it, are able to serve. */
  checkHealth(call: ExternalKeyCall): Promise<void>;
  describeKey(call: ExternalKeyCall, xksKeyId: string): Promise<ExternalKeyFacts>;
  /**
   * Encrypts; what the proxy answers was checked against its ciphertext data integrity value.
   *
   * @param plaintext at most 4300 bytes
   * @param aad at most 8192 bytes
   */
  encrypt(call: ExternalKeyCall, xksKeyId: string, plaintext: Uint8Array, aad: Uint8Array): Promise<ExternalCiphertext>;
  /** Decrypts. The caller wipes what it gets. */
  decrypt(call: ExternalKeyCall, xksKeyId: string, parts: ExternalCiphertext, aad: Uint8Array): Promise<Buffer>;
  /** Closes idle connections. */
  close(): void;
}
