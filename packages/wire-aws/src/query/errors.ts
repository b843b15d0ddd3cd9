import type { AuthenticationFailure, ErrorCode, ErrorDetail, ErrorParams } from "@coffer/service";

/** An error of the AWS query protocol. */
export interface QueryError {
  readonly code: string;
  readonly status: number;
  readonly message: string;
}

type Rows = { readonly [C in ErrorCode]: (params: ErrorParams[C]) => QueryError };

const authenticationErrors: Readonly<Record<AuthenticationFailure, Omit<QueryError, "message">>> = {
  expiredToken: { code: "ExpiredToken", status: 403 },
  missing: { code: "MissingAuthenticationToken", status: 403 },
  unknownAccessKey: { code: "InvalidClientTokenId", status: 403 },
  unknownToken: { code: "InvalidClientTokenId", status: 403 },
  signatureMismatch: { code: "SignatureDoesNotMatch", status: 403 },
  expired: { code: "SignatureDoesNotMatch", status: 403 },
  notYetCurrent: { code: "SignatureDoesNotMatch", status: 403 },
  incomplete: { code: "IncompleteSignature", status: 400 },
};

function refusal(code: string, status: number): (params: { readonly reason: string }) => QueryError {
  return ({ reason }) => ({ code, status, message: reason });
}

const validation = refusal("ValidationError", 400);

function unavailable({ reason }: { readonly reason: string }): QueryError {
  return { code: "ServiceUnavailable", status: 503, message: reason };
}

/** For the codes that operations without keys never meet. */
function keyError(): QueryError {
  return {
    code: "ValidationError",
    status: 400,
    message: "The request is about a key, which this service has none of.",
  };
}

const identityTokenErrors = {
  invalid: { code: "InvalidIdentityToken", status: 400 },
  expired: { code: "ExpiredTokenException", status: 400 },
  rejected: { code: "IDPRejectedClaim", status: 403 },
  unreachable: { code: "IDPCommunicationError", status: 400 },
} as const;

/** What IAM calls the sides, in the words of its refusals. */
const sides = {
  identity: "identity-based policy",
  resource: "resource-based policy",
  session: "session policy",
  boundary: "permissions boundary",
  foreign: "resource-based policy",
} as const;

/** Recorded answers of AWS; STS tells of a role less than IAM, so that nobody learns which there are. */
function denied(params: ErrorParams["AccessDenied"]): QueryError {
  const { principalArn, action, resource, basis, source = "identity", reason } = params;
  const subject = `User: ${principalArn} is not authorized to perform: ${action} on resource: ${resource}`;
  const side = sides[source];
  const article = side.startsWith("i") ? "an" : "a";
  const because =
    basis === "explicitDeny"
      ? `with an explicit deny in ${article} ${side}`
      : `because no ${side} allows the ${action} action`;
  const message = reason ?? (action.startsWith("sts:") ? subject : `${subject} ${because}`);
  return { code: "AccessDenied", status: 403, message };
}

/** One row a code (AWS STS and IAM API References: Common Errors). */
const rows: Rows = {
  InvalidInput: ({ kind, reason }) =>
    kind === "parameter" ? { code: "InvalidParameterValue", status: 400, message: reason } : validation({ reason }),
  Unauthenticated: ({ failure, reason }) => ({ ...authenticationErrors[failure], message: reason }),
  AccessDenied: denied,
  NotFound: ({ resource, id, reason }) =>
    resource === "operation"
      ? { code: "InvalidAction", status: 400, message: `Could not find operation ${id}` }
      : { code: "NoSuchEntity", status: 404, message: reason ?? `${id} cannot be found.` },
  AlreadyExists: ({ id, reason }) => ({
    code: "EntityAlreadyExists",
    status: 409,
    message: reason ?? `${id} already exists.`,
  }),
  Conflict: refusal("ConcurrentModification", 409),
  DeleteConflict: refusal("DeleteConflict", 409),
  IdentityTokenInvalid: ({ kind, reason }) => ({ ...identityTokenErrors[kind], message: reason }),
  LimitExceeded: ({ limit, max, reason }) => {
    if (limit === "sessionTokenChars") return { code: "PackedPolicyTooLarge", status: 400, message: reason };
    const message = limit === "accessKeysPerPrincipal" ? `Cannot exceed quota for AccessKeysPerUser: ${max}` : reason;
    return { code: "LimitExceeded", status: 409, message };
  },
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
  MarkerInvalid: () => validation({ reason: "Invalid Marker." }),
  KeyMaterialMismatch: keyError,
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

/** The answer of AWS STS and IAM to an error of the core. */
export function queryError(detail: ErrorDetail): QueryError {
  return (rows[detail.code] as (params: unknown) => QueryError)(detail.params);
}
