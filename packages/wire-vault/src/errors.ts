import type { ErrorCode, ErrorDetail, ErrorParams, InputKind } from "@coffer/service";

/** Status and texts of a refused request. */
export interface VaultProblem {
  readonly status: number;
  readonly errors: readonly string[];
}

type Row<C extends ErrorCode> = (params: ErrorParams[C]) => VaultProblem;

function problem(status: number, ...errors: string[]): VaultProblem {
  return { status, errors };
}

/** Vault's collected errors (hashicorp/go-multierror) as its clients show them. */
export function collected(...errors: string[]): string {
  const count = errors.length === 1 ? "1 error" : `${errors.length} errors`;
  return `${count} occurred:\n${errors.map((error) => `\t* ${error}\n`).join("")}\n`;
}

const inputRows: Readonly<Record<InputKind, (reason: string) => VaultProblem>> = {
  method: () => problem(405, collected("unsupported operation")),
  contentCoding: (reason) => problem(415, reason),
  serialization: (reason) => problem(400, `failed to parse JSON input: ${reason}`),
  validation: (reason) => problem(400, reason),
  aliasName: (reason) => problem(400, reason),
  arn: (reason) => problem(400, reason),
  tag: (reason) => problem(400, reason),
  size: (reason) => problem(400, reason),
  parameter: (reason) => problem(400, reason),
  grantId: (reason) => problem(400, reason),
};

/** Paths in Vault's messages are quoted as Go's %q does; the wire's paths are printable, so JSON's quotes are the same. */
const quote = (text: string) => JSON.stringify(text);

/** Refusals that the original does not collect: those of logins and of requests to unwrap. */
const bareRefusals: ReadonlySet<string> = new Set([
  "permission denied",
  "error validating wrapping token: token is empty",
  "error validating wrapping token: empty token in request body",
]);

/**
 * Vault's answer to each error code (OpenBao, sdk/logical/response_util.go: `RespondErrorCommon`; texts from the
 * handlers named in docs/divergences/vault.md). Codes without a counterpart have Coffer's own words.
 */
const rows: { readonly [C in ErrorCode]: Row<C> } = {
  InvalidInput: ({ kind, reason }) => inputRows[kind](reason),
  Unauthenticated: ({ failure }) =>
    failure === "missing"
      ? problem(403, "permission denied")
      : problem(403, collected("permission denied", "invalid token")),
  AccessDenied: ({ action, reason = "" }) =>
    problem(
      403,
      (action === "vault:Login" && reason !== "") || bareRefusals.has(reason) ? reason : collected("permission denied"),
    ),
  NotFound: ({ resource, id, reason }) => {
    if (resource === "mount") return problem(404, `no handler for route ${quote(id)}. route entry not found.`);
    if (resource === "route") return problem(404, reason ?? collected("unsupported path"));
    if (resource === "policy" && reason !== undefined) return problem(404, collected(reason));
    return problem(404);
  },
  AlreadyExists: ({ resource, id }) =>
    resource === "mount" ? problem(400, `path is already in use at ${id}`) : problem(400, `${id} already exists`),
  Conflict: ({ reason }) => problem(409, reason),
  DeleteConflict: ({ reason }) => problem(409, reason),
  IdentityTokenInvalid: ({ reason }) => problem(400, reason),
  LimitExceeded: ({ reason }) => problem(400, reason),
  Throttled: ({ reason }) => problem(429, reason),
  Unsupported: ({ reason }) => problem(400, reason),
  KeyDisabled: ({ keyArn }) => problem(400, `the key ${keyArn} is disabled`),
  KeyStateInvalid: ({ reason }) => problem(400, reason),
  KeyUsageMismatch: ({ usage }) => problem(400, `operation not supported for a key whose usage is ${usage}`),
  KeyUnavailable: ({ keyArn }) => problem(503, `the material of the key ${keyArn} is not available`),
  KeyStoreInvalid: ({ reason }) => problem(400, reason),
  IncorrectKey: () => problem(400, "invalid ciphertext: it was made with another key"),
  CiphertextInvalid: () => problem(400, "cipher: message authentication failed"),
  SignatureInvalid: () => problem(400, "invalid signature"),
  MacInvalid: () => problem(400, "invalid HMAC"),
  PolicyMalformed: ({ reason }) => problem(400, reason),
  GrantTokenInvalid: () => problem(400, "invalid grant token"),
  MarkerInvalid: () => problem(400, "invalid pagination marker"),
  KeyMaterialMismatch: ({ reason }) => problem(400, reason),
  ImportTokenInvalid: () => problem(400, "invalid import token"),
  ImportTokenExpired: () => problem(400, "the import token has expired"),
  DryRun: () => problem(400, "the request would have succeeded, but it asked for a dry run"),
  Sealed: () => problem(503, "Vault is sealed"),
  StoreUnavailable: ({ reason }) => problem(503, `the database cannot be used: ${reason}`),
  AuditUnavailable: ({ reason }) => problem(503, `the audit log cannot be written: ${reason}`),
  DependencyTimeout: ({ reason }) => problem(503, reason),
  Internal: ({ errorId }) => problem(500, collected("internal error"), `error id ${errorId}`),
};

/** Vault's answer to an error. */
export function describeError(detail: ErrorDetail): VaultProblem {
  return (rows[detail.code] as Row<ErrorCode>)(detail.params as ErrorParams[ErrorCode]);
}
