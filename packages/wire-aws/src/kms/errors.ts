import {
  type AuthenticationFailure,
  type ErrorCode,
  type ErrorDetail,
  type ErrorParams,
  isKeyId,
  type KeyStoreProblem,
} from "@coffer/service";
import { type errorStatuses, operations } from "./generated/model.ts";

/** The errors that AWS KMS answers without listing them at an operation (AWS KMS API Reference: Common Errors). */
type CommonError =
  | "AccessDeniedException"
  | "ExpiredTokenException"
  | "IncompleteSignatureException"
  | "InvalidSignatureException"
  | "MissingAuthenticationTokenException"
  | "SerializationException"
  | "ThrottlingException"
  | "UnknownOperationException"
  | "UnrecognizedClientException"
  | "ValidationException";

export type KmsErrorType = keyof typeof errorStatuses | CommonError;

/** An error as AWS KMS answers it. */
export interface KmsError {
  readonly type: KmsErrorType;
  readonly status: number;
  /** Absent where AWS sends none. */
  readonly message?: string;
  /** AWS spells the member in two ways; clients read both. */
  readonly messageMember?: "Message";
}

/** Whether the model lists an error for the operation that is answered. */
type Lists = (error: KmsErrorType) => boolean;

type Rows = { readonly [C in ErrorCode]: (params: ErrorParams[C], lists: Lists) => KmsError };

function refusal(type: KmsErrorType, message?: string): KmsError {
  return message === undefined ? { type, status: 400 } : { type, status: 400, message };
}

function unavailable(message: string): KmsError {
  return { type: "DependencyTimeoutException", status: 503, message };
}

/** The finer error where the operation knows it. */
function listedOr(lists: Lists, finer: KmsErrorType, other: KmsErrorType): KmsErrorType {
  return lists(finer) ? finer : other;
}

const authenticationTypes: Readonly<Record<AuthenticationFailure, KmsErrorType>> = {
  missing: "MissingAuthenticationTokenException",
  unknownAccessKey: "UnrecognizedClientException",
  unknownToken: "UnrecognizedClientException",
  signatureMismatch: "InvalidSignatureException",
  expired: "InvalidSignatureException",
  notYetCurrent: "InvalidSignatureException",
  incomplete: "IncompleteSignatureException",
  expiredToken: "ExpiredTokenException",
};

const keyStoreTypes: Readonly<Record<KeyStoreProblem, KmsErrorType>> = {
  notFound: "CustomKeyStoreNotFoundException",
  nameInUse: "CustomKeyStoreNameInUseException",
  invalidState: "CustomKeyStoreInvalidStateException",
  hasKeys: "CustomKeyStoreHasCMKsException",
  uriInUse: "XksProxyUriInUseException",
  incorrectCredential: "XksProxyIncorrectAuthenticationCredentialException",
  invalidConfiguration: "XksProxyInvalidConfigurationException",
  invalidResponse: "XksProxyInvalidResponseException",
  unreachable: "XksProxyUriUnreachableException",
  keyInUse: "XksKeyAlreadyInUseException",
  keyInvalid: "XksKeyInvalidConfigurationException",
  keyNotFound: "XksKeyNotFoundException",
  accessDenied: "KMSInvalidStateException",
};

/** One row a code. The words are AWS's: recorded answers where there are any, else its documentation. */
const rows: Rows = {
  InvalidInput: invalidInput,
  Unauthenticated: ({ failure, reason }) =>
    refusal(authenticationTypes[failure], failure === "missing" ? "Missing Authentication Token" : reason),
  AccessDenied: (params) => ({
    type: "AccessDeniedException",
    status: 400,
    message: accessDeniedMessage(params),
    messageMember: "Message",
  }),
  NotFound: notFound,
  AlreadyExists: ({ resource, id }) =>
    refusal("AlreadyExistsException", `An ${resource} with the name ${id} already exists`),
  Conflict: ({ reason }, lists) =>
    lists("ConflictException") ? refusal("ConflictException", reason) : unavailable(reason),
  DeleteConflict: ({ reason }) => unavailable(reason),
  IdentityTokenInvalid: ({ reason }) => refusal("ValidationException", reason),
  LimitExceeded: ({ limit, reason }) =>
    limit === "tags" ? refusal("TagException", "Too many tags") : refusal("LimitExceededException", reason),
  Throttled: ({ reason }) => refusal("ThrottlingException", reason),
  Unsupported: ({ reason }) => refusal("UnsupportedOperationException", reason),
  KeyDisabled: ({ keyArn }) => refusal("DisabledException", `${keyArn} is disabled.`),
  KeyStateInvalid: ({ reason }) => refusal("KMSInvalidStateException", reason),
  KeyUsageMismatch: ({ keyArn, usage, operation, algorithm }) =>
    refusal(
      "InvalidKeyUsageException",
      algorithm === undefined
        ? `${keyArn} key usage is ${usage} which is not valid for ${operation}.`
        : `Algorithm ${algorithm.name} is incompatible with key spec ${algorithm.spec}.`,
    ),
  KeyUnavailable: ({ keyArn }) => ({
    type: "KeyUnavailableException",
    status: 500,
    message: `${keyArn} is unavailable.`,
  }),
  KeyStoreInvalid: ({ problem, reason }) => refusal(keyStoreTypes[problem], reason),
  IncorrectKey: () =>
    refusal(
      "IncorrectKeyException",
      "The key ID in the request does not identify a CMK that can perform this operation.",
    ),
  CiphertextInvalid: () => refusal("InvalidCiphertextException"),
  SignatureInvalid: () => refusal("KMSInvalidSignatureException"),
  MacInvalid: () => refusal("KMSInvalidMacException"),
  PolicyMalformed: ({ reason }) => refusal("MalformedPolicyDocumentException", reason),
  GrantTokenInvalid: (_, lists) =>
    refusal(listedOr(lists, "InvalidGrantTokenException", "ValidationException"), "The grant token is not valid."),
  MarkerInvalid: (_, lists) =>
    refusal(listedOr(lists, "InvalidMarkerException", "ValidationException"), "The marker is not valid."),
  KeyMaterialMismatch: ({ reason }) => refusal("IncorrectKeyMaterialException", reason),
  ImportTokenInvalid: () => refusal("InvalidImportTokenException", "The import token is not valid."),
  ImportTokenExpired: () => refusal("ExpiredImportTokenException", "The import token has expired."),
  DryRun: () => refusal("DryRunOperationException", "The request would have succeeded, but the DryRun option is set."),
  Sealed: () => unavailable("Coffer is sealed. An operator has to unseal it."),
  AuditUnavailable: ({ reason }) => unavailable(reason),
  StoreUnavailable: ({ reason }) => unavailable(reason),
  DependencyTimeout: ({ reason }) => unavailable(reason),
  Internal: ({ errorId }) => ({
    type: "KMSInternalException",
    status: 500,
    message: `An internal error occurred. Its id in the server's log is ${errorId}.`,
  }),
};

function invalidInput({ kind, reason }: ErrorParams["InvalidInput"], lists: Lists): KmsError {
  switch (kind) {
    case "serialization":
      return { type: "SerializationException", status: 400, message: reason, messageMember: "Message" };
    case "aliasName":
      return refusal(listedOr(lists, "InvalidAliasNameException", "ValidationException"), reason);
    case "arn":
      return refusal(listedOr(lists, "InvalidArnException", "NotFoundException"), reason);
    case "grantId":
      return refusal(listedOr(lists, "InvalidGrantIdException", "ValidationException"), reason);
    case "tag":
      return refusal("TagException", reason);
    case "validation":
    case "size":
    case "method":
    case "contentCoding":
    case "parameter":
      return refusal("ValidationException", reason);
  }
}

function notFound({ resource, id }: ErrorParams["NotFound"]): KmsError {
  if (resource === "operation") return { type: "UnknownOperationException", status: 400 };
  return refusal("NotFoundException", notFoundMessage(resource, id));
}

function notFoundMessage(resource: ErrorParams["NotFound"]["resource"], id: string): string {
  if (resource === "alias") return `Alias ${id} is not found.`;
  if (resource === "region") return `Invalid arn ${id}`;
  if (resource === "grant") return `Grant ID ${id} not found`;
  if (resource === "policy") return "No such policy exists";
  if (resource !== "key") return `${id} is not found.`;
  const at = id.indexOf(":key/");
  const keyId = at < 0 ? id : id.slice(at + ":key/".length);
  return isKeyId(keyId) ? `Key '${id}' does not exist` : `Invalid keyId '${keyId}'`;
}

const deniedBySource = {
  identity: "an identity-based policy",
  resource: "a resource-based policy",
  session: "a session policy",
  boundary: "a permissions boundary",
} as const;

/** AWS's words (IAM User Guide: Troubleshoot access denied error messages). */
function accessDeniedMessage(params: ErrorParams["AccessDenied"]): string {
  const { principalArn, action, resource, basis, source, reason } = params;
  if (reason !== undefined) return reason;
  if (basis === "ciphertextKey") {
    return "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.";
  }
  const subject = `User: ${principalArn} is not authorized to perform: ${action} on resource: ${resource}`;
  if (source === "foreign") {
    return `${subject} because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`;
  }
  const policy = deniedBySource[source ?? "identity"];
  if (basis === "explicitDeny") return `${subject} with an explicit deny in ${policy}`;
  return `${subject} because no ${policy.slice(policy.indexOf(" ") + 1)} allows the ${action} action`;
}

const listedErrors: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(operations).map(([name, { errors }]) => [name, new Set<string>(errors)]),
);
const noErrors: ReadonlySet<string> = new Set();

/**
 * The answer of AWS KMS to an error of the core.
 *
 * @param operation the operation's name, as far as it is known
 */
export function kmsError(detail: ErrorDetail, operation: string | undefined): KmsError {
  const listed = (operation === undefined ? undefined : listedErrors.get(operation)) ?? noErrors;
  const row = rows[detail.code] as (params: unknown, lists: Lists) => KmsError;
  return row(detail.params, (error) => listed.has(error));
}

/** The body of an error's answer (AWS JSON 1.1 protocol). */
export function encodeKmsError({ type, message, messageMember }: KmsError): string {
  if (message === undefined) return `{"__type":"${type}"}`;
  return JSON.stringify({ __type: type, [messageMember ?? "message"]: message });
}
