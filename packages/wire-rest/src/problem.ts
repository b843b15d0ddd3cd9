import type { AuthenticationFailure, ErrorCode, ErrorDetail, ErrorParams, WireAnswer } from "@coffer/service";

/** What a problem document says (RFC 9457). */
interface Problem {
  readonly status: number;
  readonly title: string;
  /** A whole sentence, or two: what is wrong and what to do next. */
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
}

type Row<C extends ErrorCode> = (params: ErrorParams[C]) => Problem;

const unauthenticated: Readonly<Record<AuthenticationFailure, string>> = {
  missing: "Send the header 'Authorization: Bearer TOKEN'.",
  unknownAccessKey: "The access key is unknown.",
  unknownToken: "The token is unknown or expired. Ask an administrator for another one.",
  signatureMismatch: "The signature does not match.",
  expired: "The credentials are expired.",
  notYetCurrent: "The credentials are not valid yet.",
  incomplete: "The credentials are incomplete.",
};

/** One row a code: no default, so that a new code does not compile without its answer here. */
const rows: { readonly [C in ErrorCode]: Row<C> } = {
  InvalidInput: ({ kind, reason }) =>
    kind === "method"
      ? { status: 405, title: "Method not allowed", detail: reason }
      : { status: 400, title: "Invalid request", detail: reason },
  Unauthenticated: ({ failure }) => ({
    status: 401,
    title: "Not authenticated",
    detail: unauthenticated[failure],
    headers: { "WWW-Authenticate": 'Bearer realm="coffer"' },
  }),
  AccessDenied: ({ principalArn, action, resource, basis }) => ({
    status: 403,
    title: "Access denied",
    detail:
      basis === "ciphertextKey"
        ? "The ciphertext names a key that does not exist here, or that you may not use."
        : `${principalArn} may not do ${action} on ${resource}${basis === "explicitDeny" ? ": a policy denies it" : ": no policy allows it"}.`,
  }),
  NotFound: ({ resource, id }) => ({
    status: 404,
    title: "Not found",
    detail: resource === "route" ? `There is nothing at ${id}. See /openapi.json.` : `There is no ${resource} ${id}.`,
  }),
  AlreadyExists: ({ resource, id }) => ({
    status: 409,
    title: "Already exists",
    detail: `The ${resource} ${id} exists already. A key that waits for its destruction keeps its name: restore it instead.`,
  }),
  Conflict: ({ reason }) => ({ status: 409, title: "Conflict", detail: reason }),
  LimitExceeded: ({ reason }) => ({ status: 400, title: "Limit exceeded", detail: reason }),
  Throttled: ({ reason }) => ({ status: 429, title: "Too many requests", detail: reason }),
  Unsupported: ({ reason }) => ({ status: 400, title: "Not supported", detail: reason }),
  KeyDisabled: ({ keyArn }) => ({ status: 409, title: "Key disabled", detail: `${keyArn} is disabled.` }),
  KeyStateInvalid: ({ reason, state }) => ({
    status: 409,
    title: "Key not usable",
    detail: state === "pendingDestruction" ? `${reason} POST /keys/{keyID}/restore undoes it.` : reason,
  }),
  KeyUsageMismatch: ({ keyArn, usage }) => ({
    status: 409,
    title: "Key not usable",
    detail: `${keyArn} is for ${usage}.`,
  }),
  KeyUnavailable: ({ keyArn }) => ({
    status: 503,
    title: "Key unavailable",
    detail: `The material of ${keyArn} is not available.`,
  }),
  IncorrectKey: () => ({
    status: 400,
    title: "Incorrect key",
    detail: "The ciphertext was made with another key than key_id.",
  }),
  CiphertextInvalid: () => ({
    status: 400,
    title: "Invalid ciphertext",
    detail: "The ciphertext cannot be decrypted: it was changed, cut off, or made with another context.",
  }),
  SignatureInvalid: () => ({ status: 400, title: "Invalid signature", detail: "The signature is not valid." }),
  MacInvalid: () => ({ status: 400, title: "Invalid MAC", detail: "The MAC is not valid." }),
  PolicyMalformed: ({ reason }) => ({ status: 400, title: "Malformed policy", detail: reason }),
  GrantTokenInvalid: () => ({ status: 400, title: "Invalid grant token", detail: "The grant token is not valid." }),
  MarkerInvalid: () => ({
    status: 400,
    title: "Invalid marker",
    detail: "The marker is not one that this listing gave out. Start again without it.",
  }),
  ImportTokenInvalid: () => ({ status: 400, title: "Invalid import token", detail: "The import token is not valid." }),
  ImportTokenExpired: () => ({ status: 400, title: "Expired import token", detail: "The import token has expired." }),
  DryRun: () => ({ status: 412, title: "Dry run", detail: "The request would have succeeded." }),
  Sealed: () => ({ status: 503, title: "Sealed", detail: "The server is sealed." }),
  AuditUnavailable: ({ reason }) => ({
    status: 503,
    title: "Audit trail unavailable",
    detail: `${reason} No request is served until the audit trail can be written.`,
  }),
  DependencyTimeout: ({ reason }) => ({ status: 503, title: "Timeout", detail: reason }),
  Internal: ({ errorId }) => ({
    status: 500,
    title: "Internal error",
    detail: `This is a bug. The server's log has more under the error id ${errorId}.`,
  }),
};

/** `InvalidInput` as `invalid-input` */
function kebab(code: ErrorCode): string {
  return code.replace(/(?<!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}

/** A problem document for an error. `type` is `urn:coffer:error:CODE`. */
export function answerProblem(
  detail: ErrorDetail,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): WireAnswer {
  const problem = (rows[detail.code] as Row<ErrorCode>)(detail.params as ErrorParams[ErrorCode]);
  const body = {
    type: `urn:coffer:error:${kebab(detail.code)}`,
    title: problem.title,
    status: problem.status,
    detail: problem.detail,
    request_id: requestId,
  };
  return {
    status: problem.status,
    headers: { "Content-Type": "application/problem+json", "X-Request-Id": requestId, ...problem.headers, ...headers },
    body: `${JSON.stringify(body)}\n`,
  };
}
