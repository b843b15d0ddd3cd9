/** Who has to act so that the same call can succeed. */
export type Fault = "caller" | "server" | "dependency";

/** What a missing, doubled or refused thing is, for the wires' wording. */
export type ResourceKind =
  | "key"
  | "alias"
  | "region"
  | "keyVersion"
  | "principal"
  | "accessKey"
  | "token"
  | "policy"
  | "mount"
  | "grant"
  | "route"
  | "operation"
  | "oidcProvider";

/** Finer kinds of bad input, for wires whose originals name them apart. */
export type InputKind =
  | "validation"
  | "serialization"
  | "aliasName"
  | "arn"
  | "tag"
  | "size"
  | "method"
  | "contentCoding"
  | "parameter"
  | "grantId";

/** What is wrong with a custom key store, its proxy, or an external key that a key is to be made of. */
export type KeyStoreProblem =
  | "notFound"
  | "nameInUse"
  | "invalidState"
  | "hasKeys"
  | "uriInUse"
  | "incorrectCredential"
  | "invalidConfiguration"
  | "invalidResponse"
  | "unreachable"
  | "keyInUse"
  | "keyInvalid"
  | "keyNotFound"
  | "accessDenied";

/** Why a caller could not be authenticated. */
export type AuthenticationFailure =
  | "missing"
  | "unknownAccessKey"
  | "unknownToken"
  | "signatureMismatch"
  | "expired"
  | "expiredToken"
  | "notYetCurrent"
  | "incomplete";

/**
 * The parameters of each error code. They are safe to show to the caller: no plaintext, key material, secret or token
 * ever goes in here. `reason` and `message` are whole English sentences.
 */
export interface ErrorParams {
  InvalidInput: { readonly kind: InputKind; readonly reason: string; readonly member?: string };
  Unauthenticated: { readonly failure: AuthenticationFailure; readonly reason: string };
  AccessDenied: {
    readonly principalArn: string;
    readonly action: string;
    readonly resource: string;
    /** `ciphertextKey`: the key was named by a ciphertext only, so its existence is not disclosed. */
    readonly basis: "explicitDeny" | "implicitDeny" | "ciphertextKey";
    /** Which side denied or did not allow; `foreign`: a key of another account, whose existence is not disclosed. */
    readonly source?: "identity" | "resource" | "session" | "boundary" | "foreign";
    /** A whole sentence, where no policy decided. */
    readonly reason?: string;
  };
  /** `reason` is a whole sentence, where the original has one of its own. */
  NotFound: { readonly resource: ResourceKind; readonly id: string; readonly reason?: string };
  AlreadyExists: { readonly resource: ResourceKind; readonly id: string; readonly reason?: string };
  Conflict: { readonly reason: string };
  /** Something that is still in use, or has parts, cannot be deleted. */
  DeleteConflict: { readonly reason: string };
  /** A web identity token: malformed or not signed by its issuer, out of its time, of another issuer, or not to be checked now. */
  IdentityTokenInvalid: {
    readonly kind: "invalid" | "expired" | "rejected" | "unreachable";
    readonly reason: string;
  };
  LimitExceeded: { readonly limit: string; readonly max: number; readonly reason: string };
  Throttled: { readonly reason: string };
  Unsupported: { readonly reason: string };
  KeyDisabled: { readonly keyArn: string };
  KeyStateInvalid: { readonly keyArn: string; readonly state: string; readonly reason: string };
  KeyUsageMismatch: {
    readonly keyArn: string;
    readonly usage: string;
    readonly operation: string;
    /** Set when the usage fits and the algorithm does not fit the key's spec. */
    readonly algorithm?: { readonly name: string; readonly spec: string };
  };
  KeyUnavailable: { readonly keyArn: string };
  KeyStoreInvalid: { readonly problem: KeyStoreProblem; readonly reason: string };
  IncorrectKey: Record<never, never>;
  CiphertextInvalid: Record<never, never>;
  SignatureInvalid: Record<never, never>;
  MacInvalid: Record<never, never>;
  PolicyMalformed: { readonly reason: string; readonly statement?: number };
  GrantTokenInvalid: Record<never, never>;
  MarkerInvalid: Record<never, never>;
  /** Imported material is not what the key takes; `reason` says in which way. */
  KeyMaterialMismatch: { readonly reason: string };
  ImportTokenInvalid: Record<never, never>;
  ImportTokenExpired: Record<never, never>;
  DryRun: Record<never, never>;
  Sealed: Record<never, never>;
  AuditUnavailable: { readonly reason: string };
  StoreUnavailable: { readonly reason: string };
  DependencyTimeout: { readonly reason: string };
  Internal: { readonly errorId: string };
}

/** The closed set of error codes. Each wire has one row a code. */
export type ErrorCode = keyof ErrorParams;

/** An error code with its own parameters: narrow on `code`. */
export type ErrorDetail = { [C in ErrorCode]: { readonly code: C; readonly params: ErrorParams[C] } }[ErrorCode];

interface CodeRow {
  readonly fault: Fault;
  readonly retryable: boolean;
}

const caller: CodeRow = { fault: "caller", retryable: false };
const dependency: CodeRow = { fault: "dependency", retryable: true };

/** Fault and retryability of each code. */
export const errorCodes: Readonly<Record<ErrorCode, CodeRow>> = {
  InvalidInput: caller,
  Unauthenticated: caller,
  AccessDenied: caller,
  NotFound: caller,
  AlreadyExists: caller,
  Conflict: { fault: "caller", retryable: true },
  DeleteConflict: caller,
  IdentityTokenInvalid: caller,
  LimitExceeded: caller,
  Throttled: { fault: "caller", retryable: true },
  Unsupported: caller,
  KeyDisabled: caller,
  KeyStateInvalid: caller,
  KeyUsageMismatch: caller,
  KeyUnavailable: dependency,
  KeyStoreInvalid: caller,
  IncorrectKey: caller,
  CiphertextInvalid: caller,
  SignatureInvalid: caller,
  MacInvalid: caller,
  PolicyMalformed: caller,
  GrantTokenInvalid: caller,
  MarkerInvalid: caller,
  KeyMaterialMismatch: caller,
  ImportTokenInvalid: caller,
  ImportTokenExpired: caller,
  DryRun: caller,
  Sealed: dependency,
  AuditUnavailable: dependency,
  StoreUnavailable: dependency,
  DependencyTimeout: dependency,
  Internal: { fault: "server", retryable: true },
};

/** An expected failure: wires turn it into their original's answer by `detail.code`. `cause` never leaves the process. */
export class ServiceError extends Error {
  readonly detail: ErrorDetail;

  private constructor(detail: ErrorDetail, cause?: unknown) {
    super(detail.code, cause === undefined ? undefined : { cause });
    this.name = "ServiceError";
    this.detail = detail;
  }

  /** Makes the error of `code`; `params` must be safe to show to the caller. */
  static of<C extends ErrorCode>(code: C, params: ErrorParams[C], cause?: unknown): ServiceError {
    return new ServiceError({ code, params } as ErrorDetail, cause);
  }

  get code(): ErrorCode {
    return this.detail.code;
  }
}

/** A broken assumption of ours: a bug, answered as Internal. */
export class InvariantError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "InvariantError";
  }
}

/**
 * Asserts what must hold.
 *
 * @param message what was assumed; holds no caller's value and no secret
 */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
