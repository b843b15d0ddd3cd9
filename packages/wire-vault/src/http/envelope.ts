import type { WireAnswer } from "@coffer/service";

const headers = { "Content-Type": "application/json", "Cache-Control": "no-store" } as const;
const bareHeaders = { "Cache-Control": "no-store" } as const;

/** What a route answers, before it is put into Vault's envelope. */
export interface VaultResult {
  readonly status: number;
  /** JSON text of `data`, an object; absent answers without a body, unless there is `auth` or `wrapInfo`. */
  readonly data?: string;
  /** JSON text that is the whole answer, without the envelope. */
  readonly document?: string;
  /** JSON text of `auth`, an object: a token that was made or renewed. */
  readonly auth?: string;
  /** JSON text of `wrap_info`, an object. */
  readonly wrapInfo?: string;
  readonly leaseId?: string;
  readonly renewable?: boolean;
  /** Seconds. */
  readonly leaseDuration?: number;
  readonly warnings?: readonly string[];
  /** Vault's old `sys/` endpoints repeat the members of `data` beside it. */
  readonly repeated?: boolean;
  /** Texts of an error that the request's operation already left its audit record for; instead of `data`. */
  readonly errors?: readonly string[];
}

/** A result with data. */
export function ok(data: string, warnings: readonly string[] = []): VaultResult {
  return { status: 200, data, warnings };
}

/** Done, with nothing to say: 204. */
export const noContent: VaultResult = { status: 204 };

/**
 * Writes a result in Vault's envelope (Vault API: the response of a logical request; OpenBao,
 * sdk/logical/translate_response.go, `HTTPResponse`).
 */
export function answerResult(result: VaultResult, requestId: string, mountType: string): WireAnswer {
  const { status, warnings = [], repeated, errors, auth, wrapInfo } = result;
  if (errors !== undefined) return answerErrors(status, errors);
  if (result.document !== undefined) return { status, headers, body: result.document };
  const hasBody = result.data !== undefined || auth !== undefined || wrapInfo !== undefined;
  if (!hasBody) return { status, headers: bareHeaders, body: "" };
  const data = result.data ?? "null";
  const { leaseId = "", renewable = false, leaseDuration = 0 } = result;
  const lease = `"lease_id":${JSON.stringify(leaseId)},"renewable":${renewable},"lease_duration":${leaseDuration}`;
  const top = repeated === true && data.length > 2 ? `${data.slice(1, -1)},` : "";
  const warned = warnings.length === 0 ? "null" : JSON.stringify(warnings);
  return {
    status,
    headers,
    // As in the original, an answer that gives a wrapping token has no id.
    body: `{${top}"request_id":"${wrapInfo === undefined ? requestId : ""}",${lease},"data":${data},"wrap_info":${wrapInfo ?? "null"},"warnings":${warned},"auth":${auth ?? "null"},"mount_type":"${mountType}"}`,
  };
}

/** Vault's errors: `{"errors":[...]}`. */
export function answerErrors(status: number, errors: readonly string[]): WireAnswer {
  return { status, headers, body: JSON.stringify({ errors }) };
}

/** JSON that is no envelope, as the status endpoints below `sys/` answer. */
export function answerBare(status: number, value: unknown): WireAnswer {
  return { status, headers, body: JSON.stringify(value) };
}
