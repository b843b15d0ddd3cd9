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
}

type Members = Readonly<Record<string, unknown>>;

/**
 * Writes an entry as one line (Vault: audit devices; OpenBao, internal/audit/format.go). Every text of the request's and
 * the answer's data is an HMAC, names of members are not; numbers and truth values stay.
 *
 * @param nowMs the time of the entry
 */
export function formatAuditEntry(entry: VaultAuditEntry, format: VaultAuditFormat, nowMs: number): string {
  const { type, auth, request, response, error, plainRequestKeys = [], plainResponseKeys = [] } = entry;
  const isList = request.operation === "list";
  const line = {
    time: new Date(nowMs).toISOString(),
    type,
    auth: compact(hashAuth(auth, format)),
    request: compact({
      ...request,
      client_token: hashToken(request.client_token, format),
      client_token_accessor: hashAccessor(request.client_token_accessor, format),
      namespace: { id: "root" },
      data: request.data && hashValue(request.data, format.hmac, new Set(plainRequestKeys)),
    }),
    response:
      response &&
      compact({
        ...response,
        auth: response.auth && compact(hashAuth(response.auth, format)),
        data:
          response.data &&
          hashValue(
            isList && format.elideListResponses ? elide(response.data) : response.data,
            format.hmac,
            new Set(plainResponseKeys),
          ),
        wrap_info: response.wrap_info && hashWrapInfo(response.wrap_info, format),
      }),
    error: error === "" ? undefined : error,
  };
  return `${JSON.stringify(line)}\n`;
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
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      hashValue(item, plain.has(name) ? (text) => text : hmac, plain),
    ]),
  );
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
  return Object.fromEntries(Object.entries(members).filter(([, value]) => !isEmpty(value))) as Partial<T>;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.keys(value).length === 0;
}
