/** What went wrong, for programs. The list is closed: a program may branch on it. */
export type EnvelopeErrorCode =
  /** An argument cannot be used; the message says which and why. */
  | "InvalidInput"
  /** The bytes are no message, or end too early, or go on too long. `offset` tells where. */
  | "MessageMalformed"
  /** Damaged, or made with another key, context or signature. All these look alike. */
  | "DecryptionFailed"
  /** The message's context lacks what the caller asked for. */
  | "ContextMismatch"
  /** No keyring could unwrap, or wrap, the data key. `problems` says why each could not. */
  | "KeyUnavailable"
  /** More bytes, frames or keys than allowed. */
  | "LimitExceeded"
  /** The commitment or signature policy refuses the message. */
  | "PolicyRefused"
  /** A key service refused a request; `status` and `serviceCode` are its own. */
  | "ServiceRefused"
  /** A key service does not answer. Worth another try. */
  | "ServiceUnavailable"
  /** A file is not what it must be: of another kind, in the way, changed while it was read. `file` names it. */
  | "FileRefused"
  /** The operating system could not read or write a file; `systemCode` is its own. */
  | "FileFailed";

/** What is known about an error besides its text. Nothing secret. */
export interface EnvelopeErrorDetails {
  /** Bytes from the beginning of the message to what is wrong. */
  readonly offset?: number | undefined;
  /** What each keyring or service said. */
  readonly problems?: readonly string[] | undefined;
  /** The error code of the service, such as `AccessDeniedException`. */
  readonly serviceCode?: string | undefined;
  /** The service's HTTP status. */
  readonly status?: number | undefined;
  /** The service's id of the request, for `coffer explain`. */
  readonly requestId?: string | undefined;
  /** The file that was read or written, as the caller named it. */
  readonly file?: string | undefined;
  /** The operating system's error code, such as `ENOSPC`. */
  readonly systemCode?: string | undefined;
  readonly cause?: unknown;
}

/** Every error that this library throws on purpose. Its texts hold no plaintext and no key. */
export class EnvelopeError extends Error {
  override readonly name = "EnvelopeError";
  readonly code: EnvelopeErrorCode;
  readonly offset: number | undefined;
  readonly problems: readonly string[];
  readonly serviceCode: string | undefined;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly file: string | undefined;
  readonly systemCode: string | undefined;

  constructor(code: EnvelopeErrorCode, message: string, details: EnvelopeErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.offset = details.offset;
    this.problems = details.problems ?? [];
    this.serviceCode = details.serviceCode;
    this.status = details.status;
    this.requestId = details.requestId;
    this.file = details.file;
    this.systemCode = details.systemCode;
  }
}

/** The one answer to a wrong tag, commitment, signature, key or context. */
export function decryptionFailed(offset?: number): EnvelopeError {
  return new EnvelopeError(
    "DecryptionFailed",
    "The message cannot be decrypted: it is damaged, or was made with another key or encryption context.",
    { offset },
  );
}

/** The bytes are not a message of the format. */
export function malformed(what: string, offset: number): EnvelopeError {
  return new EnvelopeError("MessageMalformed", `${what} (at byte ${offset}).`, { offset });
}

/** An argument that cannot be used. */
export function invalidInput(message: string): EnvelopeError {
  return new EnvelopeError("InvalidInput", message);
}
