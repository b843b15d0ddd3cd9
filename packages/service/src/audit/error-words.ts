import type { ErrorCode, ErrorDetail, ErrorParams } from "../errors.ts";

type Row<C extends ErrorCode> = readonly [errorCode: string, errorMessage: (params: ErrorParams[C]) => string];

/** `errorCode` and `errorMessage` of the audit record: AWS's names where AWS has one, whatever API the request came by. */
const rows: { readonly [C in ErrorCode]: Row<C> } = {
  InvalidInput: ["ValidationException", ({ reason }) => reason],
  Unauthenticated: ["UnrecognizedClientException", ({ failure, reason }) => `${failure}: ${reason}`],
  AccessDenied: ["AccessDenied", describeDenial],
  NotFound: ["NotFoundException", ({ resource, id, reason }) => reason ?? `There is no ${resource} ${id}.`],
  AlreadyExists: [
    "AlreadyExistsException",
    ({ resource, id, reason }) => reason ?? `There is a ${resource} ${id} already.`,
  ],
  Conflict: ["ConflictException", ({ reason }) => reason],
  DeleteConflict: ["DeleteConflictException", ({ reason }) => reason],
  IdentityTokenInvalid: ["InvalidIdentityTokenException", ({ reason }) => reason],
  LimitExceeded: ["LimitExceededException", ({ reason }) => reason],
  Throttled: ["ThrottlingException", ({ reason }) => reason],
  Unsupported: ["UnsupportedOperationException", ({ reason }) => reason],
  KeyDisabled: ["DisabledException", ({ keyArn }) => `${keyArn} is disabled.`],
  KeyStateInvalid: ["KMSInvalidStateException", ({ reason }) => reason],
  KeyUsageMismatch: ["InvalidKeyUsageException", describeUsage],
  KeyUnavailable: ["KeyUnavailableException", ({ keyArn }) => `The material of ${keyArn} is not there.`],
  KeyStoreInvalid: ["CustomKeyStoreException", ({ reason }) => reason],
  IncorrectKey: ["IncorrectKeyException", () => "The ciphertext is of another key than the one that was named."],
  CiphertextInvalid: ["InvalidCiphertextException", () => "The ciphertext does not decrypt."],
  SignatureInvalid: ["KMSInvalidSignatureException", () => "The signature does not verify."],
  MacInvalid: ["KMSInvalidMacException", () => "The MAC does not verify."],
  PolicyMalformed: ["MalformedPolicyDocumentException", ({ reason }) => reason],
  GrantTokenInvalid: ["InvalidGrantTokenException", () => "A grant token is not valid."],
  MarkerInvalid: ["InvalidMarkerException", () => "The marker is not one of this listing."],
  KeyMaterialMismatch: ["IncorrectKeyMaterialException", ({ reason }) => reason],
  ImportTokenInvalid: ["InvalidImportTokenException", () => "The import token is not valid."],
  ImportTokenExpired: ["ExpiredImportTokenException", () => "The import token has expired."],
  DryRun: ["DryRunOperationException", () => "The request would have succeeded; it was a dry run."],
  Sealed: ["KMSInternalException", () => "The server is sealed."],
  AuditUnavailable: ["KMSInternalException", ({ reason }) => reason],
  StoreUnavailable: ["DependencyTimeoutException", ({ reason }) => reason],
  DependencyTimeout: ["DependencyTimeoutException", ({ reason }) => reason],
  Internal: ["KMSInternalException", ({ errorId }) => `Internal error ${errorId}; see the server's log.`],
};

function describeDenial(params: ErrorParams["AccessDenied"]): string {
  const { principalArn, action, resource, basis, source, reason } = params;
  if (reason !== undefined) return reason;
  const subject = `User: ${principalArn} is not authorized to perform: ${action} on resource: ${resource}`;
  return `${subject} (${basis}${source === undefined ? "" : `, ${source}`})`;
}

function describeUsage({ keyArn, usage, operation, algorithm }: ErrorParams["KeyUsageMismatch"]): string {
  return algorithm === undefined
    ? `${keyArn} has key usage ${usage}, which is not valid for ${operation}.`
    : `${keyArn} has key spec ${algorithm.spec}, which ${operation} with ${algorithm.name} does not fit.`;
}

const maxMessageChars = 2048;

/** What the audit record says of an error. All parameters are public-safe by construction. */
export function auditErrorWords({ code, params }: ErrorDetail): { errorCode: string; errorMessage: string } {
  const [errorCode, describe] = rows[code] as readonly [string, (params: unknown) => string];
  return { errorCode, errorMessage: describe(params).slice(0, maxMessageChars) };
}
