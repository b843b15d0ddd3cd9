import type { AnonymousCaller, Core, RequestContext, WireRequest } from "@coffer/service";
import type { Caller } from "./authenticate.ts";
import { awsLimits } from "./limits.ts";

function userAgentOf(request: WireRequest): string {
  const userAgent = request.headers.get("user-agent") ?? "";
  const max = awsLimits.userAgentChars.value;
  return userAgent.length > max ? userAgent.slice(0, max) : userAgent;
}

/** What the core is told of an authenticated request. */
export function contextOf(request: WireRequest, { principal, region }: Caller): RequestContext {
  return {
    requestId: request.requestId,
    wire: "aws",
    principal,
    region,
    sourceIp: request.peerAddress,
    userAgent: userAgentOf(request),
  };
}

/** What is recorded of a request whose caller is not known. */
export function anonymousCaller(core: Core, request: WireRequest): AnonymousCaller {
  return {
    requestId: request.requestId,
    wire: "aws",
    region: core.homeRegion,
    sourceIp: request.peerAddress,
    userAgent: userAgentOf(request),
  };
}
