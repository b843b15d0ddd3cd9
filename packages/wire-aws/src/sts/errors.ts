import type { AuthenticationFailure, ErrorCode, ErrorDetail, ErrorParams } from "@coffer/service";

/** An error of the AWS query protocol. */
export interface StsError {
  readonly code: string;
  readonly status: number;
  readonly message: string;
}

type Rows = { readonly [C in ErrorCode]: (params: ErrorParams[C]) => StsError };

const authenticationErrors: Readonly<Record<AuthenticationFailure, Omit<StsError, "message">>> = {
  missing: { code: "MissingAuthenticationToken", status: 403 },
  unknownAccessKey: { code: "InvalidClientTokenId", status: 403 },
  unknownToken: { code: "InvalidClientTokenId", status: 403 },
  signatureMismatch: { code: "SignatureDoesNotMatch", status: 403 },
  expired: { code: "SignatureDoesNotMatch", status: 403 },
  notYetCurrent: { code: "SignatureDoesNotMatch", status: 403 },
  incomplete: { code: "IncompleteSignature", status: 400 },
};

function validation({ reason }: { readonly reason: string }): StsError {
  return { code: "ValidationError", status: 400, message: reason };
}

function unavailable({ reason }: { readonly reason: string }): StsError {
  return { code: "ServiceUnavailable", status: 503, message: reason };
}

/** For the codes that GetCallerIdentity, which touches no key, never meets. */
function keyError(): StsError {
  return { code: "ValidationError", status: 400, message: "The request is about a key, which STS has none of." };
}

/** One row a code (AWS STS API Reference: Common Errors). */
const rows: Rows = {
  InvalidInput: validation,
  Unauthenticated: ({ failure, reason }) => ({ ...authenticationErrors[failure], message: reason }),
  AccessDenied: ({ principalArn, action }) => ({
    code: "AccessDenied",
    status: 403,
    message: `User: ${principalArn} is not authorized to perform: ${action}`,
  }),
  NotFound: ({ id }) => ({ code: "InvalidAction", status: 400, message: `Could not find operation ${id}` }),
  AlreadyExists: keyError,
  Conflict: validation,
  LimitExceeded: validation,
  Throttled: ({ reason }) => ({ code: "Throttling", status: 400, message: reason }),
  Unsupported: ({ reason }) => ({ code: "InvalidAction", status: 400, message: reason }),
  KeyDisabled: keyError,
  KeyStateInvalid: keyError,
  KeyUsageMismatch: keyError,
  KeyUnavailable: keyError,
  KeyStoreInvalid: keyError,
  IncorrectKey: keyError,
  CiphertextInvalid: keyError,
  SignatureInvalid: keyError,
  MacInvalid: keyError,
  PolicyMalformed: ({ reason }) => ({ code: "MalformedPolicyDocument", status: 400, message: reason }),
  GrantTokenInvalid: keyError,
  MarkerInvalid: keyError,
  ImportTokenInvalid: keyError,
  ImportTokenExpired: keyError,
  DryRun: keyError,
  Sealed: () => unavailable({ reason: "Coffer is sealed. An operator has to unseal it." }),
  AuditUnavailable: unavailable,
  StoreUnavailable: unavailable,
  DependencyTimeout: unavailable,
  Internal: ({ errorId }) => ({
    code: "InternalFailure",
    status: 500,
    message: `An internal error occurred. Its id in the server's log is ${errorId}.`,
  }),
};

/** The answer of AWS STS to an error of the core. */
export function stsError(detail: ErrorDetail): StsError {
  return (rows[detail.code] as (params: unknown) => StsError)(detail.params);
}
