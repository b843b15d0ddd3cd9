import type { WireHandler, WireRequest } from "@coffer/service";
import { isLoopbackHost } from "../config/listen-address.ts";
import { adapterError, adapterErrorKinds, type DescribeAdapterError } from "./adapter-errors.ts";

/**
 * Guards a server in dev mode, which asks for no token, against web pages in the browser of the person who runs it:
 * - DNS rebinding (a page's own name resolves to 127.0.0.1): the `Host` header must name this machine;
 * - cross-site requests: `Origin` and `Sec-Fetch-Site` (Fetch standard, Fetch Metadata) must not tell of another site.
 */
export function devGuard(handler: WireHandler, describeAdapterError: DescribeAdapterError): WireHandler {
  return async (request) => {
    const problem = findProblem(request);
    if (problem === undefined) return handler(request);
    const answer = describeAdapterError(adapterError("forbiddenOrigin", problem), request);
    return { ...answer, headers: { ...answer.headers, ...adapterErrorKinds.forbiddenOrigin.headers } };
  };
}

function findProblem(request: WireRequest): string | undefined {
  if (!isLoopbackAuthority(request.headers.get("host") ?? "")) {
    return "In dev mode the Host header must be localhost, 127.0.0.1 or [::1]: a web page could stand behind any other name.";
  }
  const origin = request.headers.get("origin");
  if (origin !== undefined && !isLoopbackOrigin(origin)) {
    return "In dev mode only pages of this machine may call: the request has the Origin of another site.";
  }
  if (request.headers.get("sec-fetch-site") === "cross-site") {
    return "In dev mode only pages of this machine may call: the browser says that the request comes from another site.";
  }
  return undefined;
}

/** `host`, `host:port`, `[ipv6]` or `[ipv6]:port`. */
function isLoopbackAuthority(authority: string): boolean {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::\d{1,5})?$/.exec(authority);
  if (match === null) return false;
  return match[1] === undefined ? isLoopbackHost(match[2] ?? "") : match[1] === "::1";
}

function isLoopbackOrigin(origin: string): boolean {
  const authority = /^https?:\/\/(.*)$/.exec(origin)?.[1];
  return authority !== undefined && isLoopbackAuthority(authority);
}
