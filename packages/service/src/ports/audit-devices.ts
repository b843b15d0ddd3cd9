/** Where an audit device of the Vault API writes its lines. */
export interface AuditDeviceSink {
  /**
   * Writes one line, with its line break. Lines of one sink keep their order; those that come together go out together.
   *
   * @throws AuditDeviceError; part of the line may be written
   */
  write(line: string): Promise<void>;
  /** Opens anew what a log rotation moved away. Never throws: the next write tells. */
  reopen(): void;
  /** Writes what waits, and lets go. Never throws. */
  close(): Promise<void>;
}

/** Opens what audit devices write to. Options are Vault's, as their creator gave them. */
export interface AuditDeviceSinks {
  /**
   * @param type `file` or `socket`
   * @throws AuditDeviceError for options that it cannot do
   */
  open(type: string, options: Readonly<Record<string, string>>): AuditDeviceSink;
}

/** Why an audit device cannot be opened or written; the message is for whoever set it up. */
export class AuditDeviceError extends Error {
  override readonly name = "AuditDeviceError";
}
