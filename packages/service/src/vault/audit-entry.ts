import type { TokenRecord } from "../model/principal.ts";

/** The `auth` member of an entry (Vault: audit log entry format). Members that are empty are left out. */
export interface VaultAuditAuth {
  readonly client_token?: string | undefined;
  readonly accessor?: string | undefined;
  readonly display_name?: string | undefined;
  readonly policies?: readonly string[] | undefined;
  readonly token_policies?: readonly string[] | undefined;
  readonly policy_results?:
    | { readonly allowed: boolean; readonly granting_policies?: readonly Readonly<Record<string, string>>[] }
    | undefined;
  readonly metadata?: Readonly<Record<string, string>> | null | undefined;
  readonly num_uses?: number | undefined;
  readonly remaining_uses?: number | undefined;
  readonly entity_id?: string | undefined;
  readonly token_type?: string | undefined;
  readonly token_ttl?: number | undefined;
  readonly token_issue_time?: string | undefined;
}

/** One entry for the audit devices, with the values that devices keep as HMACs only. Names are Vault's. */
export interface VaultAuditEntry {
  readonly type: "request" | "response";
  readonly auth: VaultAuditAuth;
  readonly request: {
    readonly id: string;
    readonly operation: string;
    readonly mount_point?: string | undefined;
    readonly mount_type?: string | undefined;
    readonly mount_accessor?: string | undefined;
    readonly client_token?: string | undefined;
    readonly client_token_accessor?: string | undefined;
    readonly path: string;
    readonly data?: Readonly<Record<string, unknown>> | undefined;
    readonly remote_address: string;
    /** Seconds. */
    readonly wrap_ttl?: number | undefined;
  };
  readonly response?:
    | {
        readonly mount_point?: string | undefined;
        readonly mount_type?: string | undefined;
        readonly mount_accessor?: string | undefined;
        readonly auth?: VaultAuditAuth | undefined;
        readonly secret?: { readonly lease_id: string } | undefined;
        readonly data?: Readonly<Record<string, unknown>> | undefined;
        readonly warnings?: readonly string[] | undefined;
        readonly wrap_info?: Readonly<Record<string, unknown>> | undefined;
      }
    | undefined;
  readonly error?: string | undefined;
  /** The record of the caller's token; absent for a token that is unknown. */
  readonly token?: TokenRecord | undefined;
  /** Names of request and response parameters that the mount wants in the clear. */
  readonly plainRequestKeys?: readonly string[] | undefined;
  readonly plainResponseKeys?: readonly string[] | undefined;
}

/** How a device writes entries. */
export interface VaultAuditFormat {
  /** The HMAC of a value, as the device keeps it: `hmac-sha256:HEX`. */
  readonly hmac: (value: string) => string;
  readonly hmacAccessor: boolean;
  /** Of lists, how many there are instead of what. */
  readonly elideListResponses: boolean;
  /** HMACs of tokens and accessors that come with every request, by the record of the token. */
  readonly credentials: WeakMap<TokenRecord, HashedCredential>;
}

/** A token and its accessor as a device keeps them. */
export interface HashedCredential {
  readonly token: string | undefined;
  readonly accessor: string | undefined;
}

/** What the entries of a request and its answer have in common, written once for each device. */
export type VaultAuditMemo = WeakMap<VaultAuditFormat, { readonly auth: string; readonly request: string }>;

type Members = Readonly<Record<string, unknown>>;

/**
 * Writes an entry as one line (Vault: audit devices; OpenBao, internal/audit/format.go). Every text of the request's and
 * the answer's data is an HMAC, names of members are not; numbers and truth values stay.
 *
 * @param nowMs the time of the entry
 * @param memo of the request: what was written of it for its own entry is used again for that of its answer
 */
export function formatAuditEntry(
  entry: VaultAuditEntry,
  format: VaultAuditFormat,
  nowMs: number,
  memo: VaultAuditMemo,
): string {
  const { type, response, error } = entry;
  let common = memo.get(format);
  if (common === undefined) {
    common = formatRequest(entry, format);
    memo.set(format, common);
  }
  const answered = response === undefined ? "" : `,"response":${formatResponse(entry, response, format)}`;
  const failed = error === undefined || error === "" ? "" : `,"error":${JSON.stringify(error)}`;
  const time = new Date(nowMs).toISOString();
  return `{"time":"${time}","type":"${type}","auth":${common.auth},"request":${common.request}${answered}${failed}}\n`;
}

function formatRequest(entry: VaultAuditEntry, format: VaultAuditFormat): { auth: string; request: string } {
  const { auth, request, token, plainRequestKeys = [] } = entry;
  const { token: client_token, accessor } = hashCredential(request, token, format);
  return {
    auth: JSON.stringify(compact(token === undefined ? hashAuth(auth, format) : { ...auth, client_token, accessor })),
    request: JSON.stringify(
      compact({
        ...request,
        client_token,
        client_token_accessor: accessor,
        namespace: { id: "root" },
        data: request.data && hashValue(request.data, format.hmac, new Set(plainRequestKeys)),
      }),
    ),
  };
}

function hashCredential(
  request: VaultAuditEntry["request"],
  token: TokenRecord | undefined,
  format: VaultAuditFormat,
): HashedCredential {
  const known = token && format.credentials.get(token);
  if (known !== undefined) return known;
  const made = {
    token: hashToken(request.client_token, format),
    accessor: hashAccessor(request.client_token_accessor, format),
  };
  if (token !== undefined && made.token !== undefined) format.credentials.set(token, made);
  return made;
}

function formatResponse(
  { request, plainResponseKeys = [] }: VaultAuditEntry,
  response: NonNullable<VaultAuditEntry["response"]>,
  format: VaultAuditFormat,
): string {
  const { auth, data, wrap_info: info } = response;
  const shown = data && request.operation === "list" && format.elideListResponses ? elide(data) : data;
  return JSON.stringify(
    compact({
      ...response,
      auth: auth && compact(hashAuth(auth, format)),
      data: shown && hashValue(shown, format.hmac, new Set(plainResponseKeys)),
      wrap_info: info && hashWrapInfo(info, format),
    }),
  );
}

function hashAuth(auth: VaultAuditAuth, format: VaultAuditFormat): VaultAuditAuth {
  return {
    ...auth,
    client_token: hashToken(auth.client_token, format),
    accessor: hashAccessor(auth.accessor, format),
  };
}

function hashWrapInfo(info: Members, format: VaultAuditFormat): Members {
  const accessor = (name: string) => {
    const value = info[name];
    return typeof value === "string" ? hashAccessor(value, format) : undefined;
  };
  return compact({
    ...info,
    token: hashToken(String(info["token"] ?? ""), format),
    accessor: accessor("accessor"),
    wrapped_accessor: accessor("wrapped_accessor"),
  });
}

function hashToken(token: string | undefined, { hmac }: VaultAuditFormat): string | undefined {
  return token === undefined || token === "" ? undefined : hmac(token);
}

function hashAccessor(accessor: string | undefined, { hmac, hmacAccessor }: VaultAuditFormat): string | undefined {
  return accessor === undefined || accessor === "" || !hmacAccessor ? accessor : hmac(accessor);
}

/** @param plain names of members whose texts stay as they are */
function hashValue(value: unknown, hmac: (text: string) => string, plain: ReadonlySet<string>): unknown {
  if (typeof value === "string") return hmac(value);
  if (Array.isArray(value)) return value.map((item) => hashValue(item, hmac, plain));
  if (typeof value !== "object" || value === null) return value;
  // Names come from callers: no name means anything on an object without a prototype.
  const hashed: Record<string, unknown> = Object.create(null);
  for (const [name, item] of Object.entries(value)) {
    hashed[name] = hashValue(item, plain.has(name) ? (text) => text : hmac, plain);
  }
  return hashed;
}

function elide(data: Members): Members {
  const { keys, key_info: info } = data;
  return {
    ...data,
    ...(Array.isArray(keys) ? { keys: keys.length } : {}),
    ...(typeof info === "object" && info !== null ? { key_info: Object.keys(info).length } : {}),
  };
}

/** Leaves out what Go's `omitempty` would. */
function compact<T extends object>(members: T): Partial<T> {
  const kept: Partial<T> = {};
  for (const name of Object.keys(members) as (keyof T)[]) {
    if (!isEmpty(members[name])) kept[name] = members[name];
  }
  return kept;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0) return true;
  if (typeof value !== "object") return false;
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0;
}
