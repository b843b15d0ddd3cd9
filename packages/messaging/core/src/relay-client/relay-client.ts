/** One HTTP request to the relay. */
export interface RelayCall {
  readonly method: string;
  /** From `/v1/` on, with its query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
}

/** The answer, whatever its status. */
export interface RelayReply {
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: Uint8Array;
}

/** What a connection tells. */
export interface RelaySocketListener {
  received(text: string): void;
  /** Once, after which nothing comes. */
  closed(): void;
}

/** A connection that is open. */
export interface RelaySocketHandle {
  send(text: string): void;
  close(): void;
}

/**
 * How a relay is reached: `httpRelay(url)`, or an object of the program's own, for instance over another network.
 * It carries and decides nothing.
 */
export interface RelayClient {
  /** @throws MessagingError RelayUnavailable when there is no answer */
  call(call: RelayCall): Promise<RelayReply>;
  /**
   * Opens `/v1/websocket`. Where it is absent, mailboxes are polled.
   *
   * @throws MessagingError RelayUnavailable
   */
  connect?(token: string, listener: RelaySocketListener): Promise<RelaySocketHandle>;
}
