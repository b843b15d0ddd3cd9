import { ServiceError } from "@coffer/service";

/** The audit log on disk is not what this server left there. Nothing is appended to such a log: an operator must look. */
export class AuditTampered extends Error {
  /** A whole sentence that names the file. */
  readonly reason: string;

  constructor(reason: string) {
    super(`the audit log was tampered with: ${reason}`);
    this.name = "AuditTampered";
    this.reason = reason;
  }
}

/** A state of the log's files in which nothing may be appended. `message` is a whole sentence without any path. */
export class AuditFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = "AuditFault";
  }
}

const reasons = new Map<string, string>([
  ["ENOSPC", "The disk that holds the audit log is full."],
  ["EDQUOT", "The disk quota for the audit log is used up."],
  ["EROFS", "The disk that holds the audit log is read-only."],
  ["EIO", "The disk that holds the audit log reports an input/output error."],
  ["ENOENT", "The audit log's directory or a file in it is gone."],
  ["EACCES", "The server may not write the audit log's files."],
  ["EPERM", "The server may not write the audit log's files."],
  ["EMFILE", "The server has no file descriptor left for the audit log."],
  ["ENFILE", "The machine has no file descriptor left for the audit log."],
]);

/** Why the audit log cannot be written, as a sentence that may be shown to a caller: no path, no file content. */
export function describeFailure(error: unknown): string {
  if (error instanceof AuditFault) return error.message;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return reasons.get(code) ?? `The audit log cannot be written${code === "" ? "" : ` (${code})`}.`;
}

/** The error that every append gets while the log cannot be written. */
export function auditUnavailable(reason: string, cause?: unknown): ServiceError {
  return ServiceError.of("AuditUnavailable", { reason }, cause);
}

/** Whether an error of the file system says that nothing is at a path. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
