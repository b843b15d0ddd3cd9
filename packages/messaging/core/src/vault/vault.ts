/** A device's state while a transaction runs: reads see its own writes; nothing is kept until it ends well. */
export interface StateTransaction {
  /** A copy of a record's bytes; undefined when there is none. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Copies `value`. */
  put(key: string, value: Uint8Array): void;
  delete(key: string): void;
  /** The keys that begin so, sorted. */
  list(prefix: string): Promise<string[]>;
}

/** Where a device keeps its private keys, sessions, outbox and what it has seen. One for each device. */
export interface Vault {
  /**
   * Runs one transaction after the other. What `run` wrote is kept, durably and as a whole, before the promise is
   * fulfilled; when `run` throws, nothing is, and the error passes through.
   *
   * @throws MessagingError VaultUnreadable, VaultRolledBack, KeyUnavailable
   */
  transact<T>(run: (state: StateTransaction) => Promise<T>): Promise<T>;
  /** How many transactions that wrote something were kept so far. It never goes back: who sees it do so refuses. */
  version(): Promise<number>;
  /** Wipes what is in memory. The vault is of no use afterwards. */
  close(): Promise<void>;
}
