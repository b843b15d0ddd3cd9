import type { WireAnswer } from "@coffer/service";

interface KindRow {
  readonly status: number;
  /** Short, the same for every error of the kind. */
  readonly title: string;
  /** Headers that the status demands (RFC 9110). */
  readonly headers: Readonly<Record<string, string>>;
}

function kind(status: number, title: string, headers: Readonly<Record<string, string>> = {}): KindRow {
  return { status, title, headers };
}

const table = {
  badRequest: kind(400, "Bad request"),
  forbiddenOrigin: kind(403, "Forbidden origin"),
  methodNotAllowed: kind(405, "Method not allowed", { Allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, LIST" }),
  requestTimeout: kind(408, "Request timeout"),
  bodyTooLarge: kind(413, "Body too large"),
  urlTooLong: kind(414, "URL too long"),
  expectationFailed: kind(417, "Expectation failed"),
  headersTooLarge: kind(431, "Headers too large"),
  internal: kind(500, "Internal error"),
  tooManyConnections: kind(503, "Too many connections", { "Retry-After": "1" }),
} as const satisfies Record<string, KindRow>;

/** What the adapter answers by itself, before or instead of a wire. */
export type AdapterErrorKind = keyof typeof table;

/** Status, title and headers of each kind. */
export const adapterErrorKinds: Readonly<Record<AdapterErrorKind, KindRow>> = table;

/** One error of the adapter. `detail` is a whole sentence, safe to show. */
export interface AdapterError {
  readonly kind: AdapterErrorKind;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

/** What is known of the request that an adapter error answers; a request that could not be parsed has no method or path. */
export interface AdapterErrorRequest {
  readonly requestId: string;
  readonly method: string | undefined;
  /** As in `WireRequest`: not decoded, without the query. */
  readonly path: string | undefined;
  readonly headers: ReadonlyMap<string, string>;
}

/**
 * Puts an adapter error in the shape of the API that the request was meant for. The adapter adds the headers that the
 * status demands, `Content-Length` and `Connection: close`.
 */
export type DescribeAdapterError = (error: AdapterError, request: AdapterErrorRequest) => WireAnswer;

/** An adapter error of a kind with a detail of its own. */
export function adapterError(errorKind: AdapterErrorKind, detail: string): AdapterError {
  const { status, title } = adapterErrorKinds[errorKind];
  return { kind: errorKind, status, title, detail };
}

/** Describes an adapter error as problem details (RFC 9457), with the request's id. */
export const describeAsProblem: DescribeAdapterError = (error, request) => ({
  status: error.status,
  headers: { "Content-Type": "application/problem+json", "x-request-id": request.requestId },
  body: JSON.stringify({
    type: "about:blank",
    title: error.title,
    status: error.status,
    detail: error.detail,
    requestId: request.requestId,
  }),
});
