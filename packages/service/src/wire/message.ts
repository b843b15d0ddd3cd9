/** A request as a wire sees it: plain values, no socket. */
export interface WireRequest {
  /** Upper case; Vault's `LIST` included. */
  readonly method: string;
  /** The path as sent, not decoded, without the query. */
  readonly path: string;
  /** The raw query without `?`; empty when there is none. */
  readonly query: string;
  /** Lower-case names; a header sent several times is joined with `,` (see `firstHeader` for the first one). */
  readonly headers: ReadonlyMap<string, string>;
  /** The first value of a header that was sent several times. */
  firstHeader(name: string): string | undefined;
  readonly body: Uint8Array;
  readonly peerAddress: string;
  /** Whether it came over TLS. */
  readonly secureTransport: boolean;
  /**
   * The certificates that the client presented over TLS, DER, its own first: it has proved to have the key of that one,
   * and nothing else is known of them. Absent without any.
   */
  readonly peerCertificates?: readonly Uint8Array[];
  /** UUID made by the adapter. */
  readonly requestId: string;
}

/** A wire's answer. The adapter adds `Content-Length` and connection headers. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** A wire: a function from a plain request to a plain answer. It never throws. */
export type WireHandler = (request: WireRequest) => Promise<WireAnswer>;
