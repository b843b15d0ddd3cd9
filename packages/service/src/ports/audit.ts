/** One audit record in CloudTrail's event shape (CloudTrail user guide: record contents), less the chain's own fields. */
export type AuditEvent = Readonly<Record<string, unknown>>;

/** How the audit trail is doing, for health. */
export interface AuditHealth {
  readonly ok: boolean;
  /** False while appends fail: requests are refused before they change anything. It can be true with a warning. */
  readonly writable: boolean;
  /** A whole sentence for the operator when not `ok`. */
  readonly reason?: string;
}

/** The port for the audit trail: append-only, in order. */
export interface AuditLog {
  /**
   * Appends an event, already written as one line of JSON without a line feed.
   *
   * @returns when the record is as durable as configured
   * @throws ServiceError AuditUnavailable; the request must then fail
   */
  append(eventJson: string): Promise<void>;
  health(): AuditHealth;
  /**
   * Reads records after sequence number `afterSequence`, oldest first, at most `limit`. Each is the stored line.
   */
  read(afterSequence: number, limit: number): Promise<readonly string[]>;
  /** The sequence number of the newest durable record; 0 when there is none. */
  lastSequence(): number;
  close(): Promise<void>;
}
