import {
  type AnonymousCaller,
  anonymousCaller,
  type Core,
  type RequestContext,
  type WireRequest,
} from "@coffer/service";
import type { Caller } from "./authenticate.ts";
import { awsLimits } from "./limits.ts";

const facts = { wire: "aws", userAgentChars: awsLimits.userAgentChars.value } as const;

/** What the core is told of an authenticated request. */
export function contextOf(core: Core, request: WireRequest, { principal, region }: Caller): RequestContext {
  return { ...anonymousCaller(core, request, facts), principal, region };
}

/** What is recorded of a request whose caller is not known. */
export function unknownCaller(core: Core, request: WireRequest): AnonymousCaller {
  return anonymousCaller(core, request, facts);
}
