/** A request of Coffer's own to another server, over HTTPS. */
export interface OutboundRequest {
  /** `https://...` */
  readonly url: string;
  /** `GET` without a body, `POST` with one. */
  readonly body?: string;
  /** Names as they are sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** Certificates, in PEM, that the server's must come of; the system's when absent. */
  readonly caPem?: string;
}

export interface OutboundAnswer {
  readonly status: number;
  /** UTF-8 text. */
  readonly body: string;
}

/**
 * The port to servers that an administrator named: bounded in time and size, without redirects, and to public hosts only
 * unless the operator allows others.
 */
export interface Outbound {
  /** @throws Error, for the operator alone, when there is no answer */
  request(request: OutboundRequest): Promise<OutboundAnswer>;
}
