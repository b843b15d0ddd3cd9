import type {
  AuthenticationFailure,
  ErrorCode,
  ErrorDetail,
  ErrorParams,
  InputKind,
  ResourceKind,
  WireAnswer,
} from "@coffer/service";

interface Row<C extends ErrorCode> {
  readonly status: number | ((params: ErrorParams[C]) => number);
  /** Short, the same for every error of the code. */
  readonly title: string;
  /** Whole sentences: what is wrong and what to do next. */
  readonly detail: (params: ErrorParams[C]) => string;
}

function row<C extends ErrorCode>(status: Row<C>["status"], title: string, detail: Row<C>["detail"]): Row<C> {
  return { status, title, detail };
}

const inputStatus: Readonly<Record<InputKind, number>> = {
  method: 405,
  contentCoding: 415,
  serialization: 400,
  validation: 400,
  aliasName: 400,
  arn: 400,
  tag: 400,
  size: 400,
  parameter: 400,
  grantId: 400,
};

/** The name in an alias ARN or alias, as the REST API calls keys. */
function keyName(id: string): string {
  const at = id.indexOf("alias/");
  return at < 0 ? id : id.slice(at + "alias/".length);
}

const managedPolicyArn = /^arn:aws:iam::(?:\d{12}|aws):policy\//;
const managedPolicies =
  "GET /admin/managed-policies lists policies, GET /admin/managed-policies/{policy}/versions the versions of one, GET /admin/attached-policies?principal=... those of a principal.";

const notFound: Readonly<Record<ResourceKind, (id: string) => string>> = {
  key: (id) => `There is no key ${keyName(id)}. GET /keys lists the keys; POST /keys makes one.`,
  alias: (id) => `There is no key ${keyName(id)}. GET /keys lists the keys; POST /keys makes one.`,
  region: (id) => `This server has no keys of region ${id}. Use a key id or ARN of its own region.`,
  keyVersion: (id) => `The key has no version ${id}.`,
  principal: (id) => `There is no principal ${id}. GET /admin/principals lists them.`,
  accessKey: (id) => `There is no access key ${id}. GET /admin/credentials?principal=... lists them.`,
  token: (id) => `There is no token with accessor ${id}. GET /admin/credentials?principal=... lists them.`,
  policy: (id) => `There is no policy ${id}. GET /admin/policies?principal=... lists them.`,
  grant: (id) => `There is no grant ${id}.`,
  mount: (id) => `There is no mount ${id}.`,
  route: (id) => `There is no path ${id}. GET /openapi.json describes all paths.`,
  oidcProvider: (id) => `There is no OpenID Connect provider ${id}. GET /admin/identity-providers lists them.`,
  operation: (id) => `There is no operation ${id}. GET /openapi.json describes all paths.`,
};

const unauthenticated: Readonly<Record<AuthenticationFailure, string>> = {
  missing: "The request has no token. Send the header Authorization: Bearer TOKEN.",
  unknownToken: "The token is unknown, revoked or expired. Ask an administrator for a new one.",
  incomplete: "The Authorization header has no bearer token. Send Authorization: Bearer TOKEN.",
  expired: "The token has expired. Ask an administrator for a new one.",
  unknownAccessKey: "The access key is unknown. This API takes tokens: Authorization: Bearer TOKEN.",
  signatureMismatch: "The signature does not match. This API takes tokens: Authorization: Bearer TOKEN.",
  expiredToken: "The session token has expired. Ask STS for a new session.",
  notYetCurrent: "The credential is not valid yet. Check the clock.",
};

const keyElsewhere = "An administrator can enable it with the KMS API (EnableKey).";

/** The problem of each error code. A missing row does not compile. */
const rows: { readonly [C in ErrorCode]: Row<C> } = {
  InvalidInput: row(
    ({ kind }) => inputStatus[kind],
    "Invalid request",
    ({ reason }) => reason,
  ),
  Unauthenticated: row(401, "Not authenticated", ({ failure }) => unauthenticated[failure]),
  AccessDenied: row(403, "Not allowed", ({ principalArn, action, resource, basis, reason }) => {
    if (reason !== undefined) return reason;
    if (basis === "ciphertextKey") {
      return `${principalArn} may not use the key of this ciphertext, or there is no such key.`;
    }
    return basis === "explicitDeny"
      ? `A policy denies ${principalArn} the action ${action} on ${resource}. Only a change of that policy helps.`
      : `No policy allows ${principalArn} the action ${action} on ${resource}. Ask an administrator for one.`;
  }),
  NotFound: row(404, "Not found", ({ resource, id, reason }) =>
    resource === "policy" && managedPolicyArn.test(id)
      ? `${reason ?? `There is no policy ${id}.`} ${managedPolicies}`
      : notFound[resource](id),
  ),
  AlreadyExists: row(
    409,
    "Already exists",
    ({ resource, id }) =>
      `There is already a ${resource === "alias" ? "key" : resource} ${keyName(id)}. Use it, or choose another name; a key that waits for its deletion can be restored.`,
  ),
  Conflict: row(409, "Conflict", ({ reason }) => reason),
  DeleteConflict: row(
    409,
    "In use",
    ({ reason }) =>
      `${reason} GET /admin/managed-policies/{policy}/principals and .../versions list what stands in the way.`,
  ),
  IdentityTokenInvalid: row(400, "Identity token invalid", ({ reason }) => reason),
  LimitExceeded: row(400, "Limit exceeded", ({ reason }) => reason),
  Throttled: row(429, "Too many requests", ({ reason }) => reason),
  Unsupported: row(400, "Not supported", ({ reason }) => reason),
  KeyDisabled: row(409, "Key disabled", ({ keyArn }) => `The key ${keyArn} is disabled. ${keyElsewhere}`),
  KeyStateInvalid: row(409, "Key state", ({ keyArn, state, reason }) =>
    state === "pendingDestruction"
      ? `The key ${keyArn} is scheduled for deletion. POST /keys/{keyID}/restore makes it usable again.`
      : `${reason} GET /keys/{keyID} shows the state of the key.`,
  ),
  KeyUsageMismatch: row(
    400,
    "Key usage",
    ({ keyArn, usage }) => `The key ${keyArn} is for ${usage}. Use a key that is made for this.`,
  ),
  KeyUnavailable: row(
    503,
    "Key unavailable",
    ({ keyArn }) => `The material of ${keyArn} is not available. Try again later.`,
  ),
  KeyStoreInvalid: row(400, "Custom key store refused", ({ reason }) => reason),
  IncorrectKey: row(400, "Wrong key", () => "The ciphertext was made with another key. Name the key that made it."),
  CiphertextInvalid: row(
    400,
    "Ciphertext invalid",
    () =>
      "The ciphertext cannot be decrypted: it is not one of Coffer's, was changed, or its context is another. Send ciphertext and context exactly as they were.",
  ),
  SignatureInvalid: row(400, "Signature invalid", () => "The signature does not match."),
  MacInvalid: row(400, "MAC invalid", () => "The MAC does not match."),
  PolicyMalformed: row(400, "Policy malformed", ({ reason }) => reason),
  GrantTokenInvalid: row(400, "Grant token invalid", () => "The grant token is not valid."),
  MarkerInvalid: row(
    400,
    "Marker invalid",
    () => "The marker is not one of this listing. Start again without a marker.",
  ),
  KeyMaterialMismatch: row(400, "Key material does not fit", ({ reason }) => reason),
  ImportTokenInvalid: row(400, "Import token invalid", () => "The import token is not valid."),
  ImportTokenExpired: row(400, "Import token expired", () => "The import token has expired. Ask for a new one."),
  DryRun: row(412, "Dry run", () => "The request would have succeeded, but it asked for a dry run."),
  Sealed: row(503, "Sealed", () => "The server is sealed: its operator has to open the seal."),
  AuditUnavailable: row(
    503,
    "Audit unavailable",
    ({ reason }) => `The audit trail cannot be written, so nothing is done: ${reason} Tell the server's operator.`,
  ),
  StoreUnavailable: row(
    503,
    "Database unavailable",
    ({ reason }) => `The database cannot be used: ${reason} Tell the server's operator.`,
  ),
  DependencyTimeout: row(503, "Timeout", ({ reason }) => reason),
  Internal: row(
    500,
    "Internal error",
    ({ errorId }) => `The server failed. Tell its operator the error id ${errorId}, which its log explains.`,
  ),
};

/** A media type of its own (RFC 9457 section 3). */
const contentType = "application/problem+json";

/** What to add to a problem that the code alone does not tell. */
export interface ProblemContext {
  readonly requestId: string;
  /** Methods that the path has, for a 405. */
  readonly allow?: readonly string[] | undefined;
}

/** The answer to an error: problem details (RFC 9457) with the request's id. */
export function answerProblem(detail: ErrorDetail, { requestId, allow }: ProblemContext): WireAnswer {
  const { code } = detail;
  const { status, title, detail: describe } = rows[code] as Row<ErrorCode>;
  const params = detail.params as ErrorParams[ErrorCode];
  const answered = typeof status === "number" ? status : status(params);
  const problem = {
    type: `urn:coffer:error:${code}`,
    title,
    status: answered,
    detail: describe(params),
    ...(detail.code === "InvalidInput" && detail.params.member !== undefined ? { member: detail.params.member } : {}),
    request_id: requestId,
  };
  return {
    status: answered,
    headers: {
      "Content-Type": contentType,
      "Cache-Control": "no-store",
      "X-Request-Id": requestId,
      ...(answered === 401 ? { "WWW-Authenticate": "Bearer" } : {}),
      ...(answered === 415 ? { "Accept-Encoding": "identity" } : {}),
      ...(allow === undefined ? {} : { Allow: allow.join(", ") }),
    },
    body: JSON.stringify(problem),
  };
}
