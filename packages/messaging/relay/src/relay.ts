import type { KeyObject } from "node:crypto";
import type { RelayLimits } from "./limits.ts";

/** A request to the relay, as any HTTP server can give it. */
export interface RelayRequest {
  readonly method: string;
  /** Percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** A header by its name in lower case; of several the first. */
  header(name: string): string | undefined;
  readonly body: Uint8Array;
  /** Who sends it, such as an address: rates are counted by it. */
  readonly peer: string;
}

/** The answer to a request. */
export interface RelayAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The adapter's end of a WebSocket. */
export interface RelaySocket {
  send(text: string): void;
  /** With a status code of RFC 6455 or the application's own. */
  close(code: number, reason: string): void;
  /** What was sent and is not on its way yet. */
  readonly bufferedBytes: number;
}

/** The relay's end of a WebSocket. */
export interface RelayConnection {
  /** One text frame that came. */
  receive(text: string): void;
  /** The socket is gone. */
  closed(): void;
  /** What was buffered has gone out: there may be room for more. */
  drained(): void;
}

/** The key directory and relay. */
export interface Relay {
  /** Answers a request. Never throws. */
  answer(request: RelayRequest): Promise<RelayAnswer>;
  /** Opens `/v1/websocket`, or refuses it with an answer. */
  connect(request: RelayRequest, socket: RelaySocket): Promise<RelayConnection | RelayAnswer>;
  /**
   * Lets a user who lost all devices begin anew with another account key. For operators alone.
   *
   * @returns false when there is no such user
   */
  resetAccount(userId: string): Promise<boolean>;
  /** Deletes what has had its time. To be called now and then. */
  sweep(): Promise<void>;
  close(): Promise<void>;
}

/** Signs the heads of the transparency log. */
export interface HeadSigner {
  /** Which key it is, such as a KMS key's ARN. */
  readonly keyId: string;
  /** As AWS KMS names it. */
  readonly algorithm: "ED25519_SHA_512" | "ECDSA_SHA_256" | "ECDSA_SHA_384";
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** What a relay is opened with. */
export interface RelayOptions {
  /** A file of SQLite, or `:memory:`. */
  readonly databasePath: string;
  /** 32 secret bytes: all rows are sealed under keys derived from it. */
  readonly rowKey: KeyObject;
  readonly headSigner: HeadSigner;
  readonly nowMs: () => number;
  /** Whoever makes an account has to give it; undefined for a relay that is open to all. */
  readonly registrationToken?: string | undefined;
  readonly limits?: Partial<RelayLimits> | undefined;
  /** Told of what is a bug or a failing disk; the caller gets the id alone. */
  readonly onFault?: ((requestId: string, cause: unknown) => void) | undefined;
}
