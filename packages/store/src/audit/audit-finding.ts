/** The first thing found wrong in a log. */
export interface AuditFinding {
  /** The file's name in the log's directory. */
  readonly file: string;
  /** Counted from 1; 0 when it is about the file as a whole. */
  readonly line: number;
  /** The sequence number of the record that it is about; 0 when it is about none. */
  readonly sequence: number;
  /** A whole sentence. */
  readonly reason: string;
}

/** Ends a verification at its first fault. */
export class FoundFault extends Error {
  readonly finding: AuditFinding;

  constructor(file: string, line: number, sequence: number, reason: string) {
    super(reason);
    this.finding = { file, line, sequence, reason };
  }
}
