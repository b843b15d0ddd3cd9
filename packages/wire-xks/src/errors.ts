import type { ErrorCode, ErrorDetail, ErrorParams } from "@coffer/service";

/** The errors of the XKS Proxy API 1.0 and their statuses (section "Error codes"). */
const statuses = {
  ValidationException: 400,
  InvalidStateException: 400,
  InvalidCiphertextException: 400,
  InvalidKeyUsageException: 400,
  AuthenticationFailedException: 401,
  AccessDeniedException: 403,
  KeyNotFoundException: 404,
  InvalidUriPathException: 404,
  ThrottlingException: 429,
  UnsupportedOperationException: 501,
  DependencyTimeoutException: 503,
  InternalException: 500,
} as const;

export type XksErrorName = keyof typeof statuses;

/** An error as the proxy answers it. */
export interface XksError {
  readonly status: number;
  readonly errorName: XksErrorName;
  /** Printable ASCII, fewer than 512 characters: so the API asks. */
  readonly errorMessage?: string;
}

type Row<C extends ErrorCode> = (params: ErrorParams[C]) => readonly [name: XksErrorName, message?: string];

/** One row a code. */
const rows: { readonly [C in ErrorCode]: Row<C> } = {
  InvalidInput: ({ reason }) => ["ValidationException", reason],
  Unauthenticated: ({ reason }) => ["AuthenticationFailedException", reason],
  AccessDenied: ({ principalArn, action }) => [
    "AccessDeniedException",
    `${principalArn} is not allowed ${action} on the external key.`,
  ],
  NotFound: ({ resource }) => [resource === "route" ? "InvalidUriPathException" : "KeyNotFoundException"],
  AlreadyExists: () => ["ValidationException"],
  Conflict: ({ reason }) => ["DependencyTimeoutException", reason],
  DeleteConflict: ({ reason }) => ["DependencyTimeoutException", reason],
  IdentityTokenInvalid: ({ reason }) => ["AuthenticationFailedException", reason],
  LimitExceeded: ({ reason }) => ["ValidationException", reason],
  Throttled: ({ reason }) => ["ThrottlingException", reason],
  Unsupported: ({ reason }) => ["UnsupportedOperationException", reason],
  KeyDisabled: () => ["InvalidStateException", "The external key is disabled."],
  KeyStateInvalid: ({ reason }) => ["InvalidStateException", reason],
  KeyUsageMismatch: () => ["InvalidKeyUsageException", "The external key must be a symmetric encryption key."],
  KeyUnavailable: () => ["InvalidStateException", "The material of the external key is not there."],
  KeyStoreInvalid: ({ reason }) => ["InvalidStateException", reason],
  IncorrectKey: () => ["InvalidCiphertextException"],
  CiphertextInvalid: () => ["InvalidCiphertextException"],
  SignatureInvalid: () => ["ValidationException"],
  MacInvalid: () => ["ValidationException"],
  PolicyMalformed: ({ reason }) => ["ValidationException", reason],
  GrantTokenInvalid: () => ["ValidationException"],
  MarkerInvalid: () => ["ValidationException"],
  KeyMaterialMismatch: () => ["ValidationException"],
  ImportTokenInvalid: () => ["ValidationException"],
  ImportTokenExpired: () => ["ValidationException"],
  DryRun: () => ["ValidationException"],
  Sealed: () => ["DependencyTimeoutException", "Coffer is sealed."],
  AuditUnavailable: ({ reason }) => ["InternalException", reason],
  StoreUnavailable: ({ reason }) => ["InternalException", reason],
  DependencyTimeout: ({ reason }) => ["DependencyTimeoutException", reason],
  Internal: ({ errorId }) => ["InternalException", `Internal error ${errorId}; see the server's log.`],
};

const maxMessageChars = 511;

/** The proxy's answer to an error of the core. */
export function describeError(detail: ErrorDetail): XksError {
  const [errorName, message] = (rows[detail.code] as Row<ErrorCode>)(detail.params as ErrorParams[ErrorCode]);
  const status = statuses[errorName];
  if (message === undefined) return { status, errorName };
  const errorMessage = message.replace(/[^\x20-\x7e]/g, "?").slice(0, maxMessageChars);
  return { status, errorName, errorMessage };
}
