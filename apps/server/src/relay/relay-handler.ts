import type { Relay } from "@coffer/messaging-relay";
import type { WireAnswer, WireHandler, WireRequest } from "@coffer/service";

/** A page that the relay serves beside its API. */
export type PageFiles = ReadonlyMap<string, { readonly type: string; readonly body: Uint8Array }>;

/** What a page may load: nothing from elsewhere, and WebAssembly (Content Security Policy Level 3). */
const pagePolicy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; object-src 'none'; base-uri 'none'";
const corsMaxAgeSeconds = "600";

/**
 * The relay as a wire of the HTTP adapter.
 *
 * @param origins of pages elsewhere that may call it (Fetch standard, "CORS protocol"); tokens are no cookies, so that
 *   no page gets in by its user's browser alone
 */
export function relayHandler(relay: Relay, origins: ReadonlySet<string>, page: PageFiles): WireHandler {
  return async (request) => {
    const origin = request.firstHeader("origin");
    const isAllowed = origin !== undefined && origins.has(origin);
    const answer = request.method === "OPTIONS" && isAllowed ? preflight : await answerRequest(relay, request, page);
    return isAllowed ? withCors(answer, origin) : answer;
  };
}

async function answerRequest(relay: Relay, request: WireRequest, page: PageFiles): Promise<WireAnswer> {
  const file = request.method === "GET" ? page.get(request.path) : undefined;
  if (file !== undefined) {
    const headers = {
      "content-type": file.type,
      "content-security-policy": pagePolicy,
      "x-content-type-options": "nosniff",
    };
    return { status: 200, headers, body: file.body };
  }
  return relay.answer({
    method: request.method,
    path: request.path,
    query: new URLSearchParams(request.query),
    header: (name) => request.firstHeader(name),
    body: request.body,
    peer: request.peerAddress,
  });
}

const preflight: WireAnswer = {
  status: 204,
  headers: {
    "access-control-allow-methods": "GET, PUT, POST, DELETE",
    "access-control-allow-headers": "authorization, content-type, x-registration-token",
    "access-control-max-age": corsMaxAgeSeconds,
  },
  body: "",
};

function withCors(answer: WireAnswer, origin: string): WireAnswer {
  const headers = {
    ...answer.headers,
    "access-control-allow-origin": origin,
    "access-control-expose-headers": "retry-after",
    vary: "Origin",
  };
  return { ...answer, headers };
}
