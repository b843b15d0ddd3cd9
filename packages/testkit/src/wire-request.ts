import { randomId } from "@coffer/crypto";
import type { WireRequest } from "@coffer/service";

export interface WireRequestParts {
  readonly method?: string;
  /** As sent, not decoded; may carry a query. */
  readonly path: string;
  /** Names in any case; a list is a header that was sent several times. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Text or bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown;
  readonly peerAddress?: string;
  /** False unless told. */
  readonly secureTransport?: boolean;
}

function encodeBody(body: unknown): Uint8Array {
  if (body === undefined) return new Uint8Array(0);
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}

/** A request as the HTTP adapter would hand it to a wire. */
export function wireRequest(parts: WireRequestParts): WireRequest {
  const values = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(parts.headers ?? {})) {
    values.set(name.toLowerCase(), typeof value === "string" ? [value] : value);
  }
  const mark = parts.path.indexOf("?");
  return {
    method: parts.method ?? "GET",
    path: mark < 0 ? parts.path : parts.path.slice(0, mark),
    query: mark < 0 ? "" : parts.path.slice(mark + 1),
    headers: new Map([...values].map(([name, all]) => [name, all.join(",")])),
    firstHeader: (name) => values.get(name)?.[0],
    body: encodeBody(parts.body),
    peerAddress: parts.peerAddress ?? "127.0.0.1",
    secureTransport: parts.secureTransport ?? false,
    requestId: randomId(),
  };
}
