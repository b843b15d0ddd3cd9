import type { AnonymousCaller } from "../audit/event.ts";
import type { Core } from "../core.ts";
import type { ServiceError } from "../errors.ts";
import type { RequestContext, Wire } from "../model/request.ts";
import { asServiceError, recordRefusal } from "../pipeline/execute.ts";
import type { WireRequest } from "./message.ts";

/** What a wire adds to what is recorded of a request. */
export interface CallerFacts {
  readonly wire: Wire;
  /** More characters of the user agent are not recorded. */
  readonly userAgentChars: number;
  /** The path to be recorded, of wires that route by path. */
  readonly path?: string;
}

/** What is recorded of a request whose caller is not known, or not yet. */
export function anonymousCaller(
  core: Pick<Core, "homeRegion">,
  request: WireRequest,
  facts: CallerFacts,
): AnonymousCaller {
  const { wire, userAgentChars, path } = facts;
  return {
    requestId: request.requestId,
    wire,
    region: core.homeRegion,
    sourceIp: request.peerAddress,
    userAgent: (request.headers.get("user-agent") ?? "").slice(0, userAgentChars),
    secureTransport: request.secureTransport,
    ...(path === undefined ? {} : { path }),
  };
}

/** How far a refused request got. */
export interface RefusedRequest {
  readonly caller: RequestContext | AnonymousCaller;
  /** Whether an operation ran, which has left the record. */
  readonly audited: boolean;
  readonly eventSource: string;
  readonly eventName: string;
}

/**
 * Records a refusal, unless that is done.
 *
 * @param thrown whatever was thrown
 * @returns the error to answer with: that of the audit trail when the refusal cannot be recorded
 */
export async function refusalOf(core: Core, thrown: unknown, request: RefusedRequest): Promise<ServiceError> {
  const error = asServiceError(core, thrown);
  if (request.audited) return error;
  const { caller, eventSource, eventName } = request;
  try {
    await recordRefusal(core, { caller, eventSource, eventName, error: error.detail });
    return error;
  } catch (failure) {
    return asServiceError(core, failure);
  }
}
