import {
  type AnonymousCaller,
  anonymousCaller,
  type Core,
  type ErrorDetail,
  type RequestContext,
  refusalOf,
  ServiceError,
  type WireAnswer,
  type WireHandler,
  type WireRequest,
  xksEventSource,
} from "@coffer/service";
import { createSigningKeyCache, type SigningKeyCache } from "@coffer/sigv4";
import { authenticate } from "./authenticate.ts";
import { calls } from "./calls.ts";
import { describeError } from "./errors.ts";
import { xksLimits } from "./limits.ts";
import { XksBody } from "./read-request.ts";
import { parseXksPath, shownPath } from "./xks-path.ts";

export interface XksWireOptions {
  /** Coffer's version, which GetHealthStatus tells. */
  readonly version: string;
  /** What a KMS is given as `XksProxyUriPath`: ends in `/kms/xks/v1`. */
  readonly uriPath: string;
}

interface Proxy extends XksWireOptions {
  readonly core: Core;
  readonly signingKeys: SigningKeyCache;
}

/** How far a request got: what the audit record of its refusal says of it. */
interface Progress {
  caller: RequestContext | AnonymousCaller;
  eventName: string;
  audited: boolean;
}

const noStore = { "content-type": "application/json", "cache-control": "no-store" };

/**
 * Makes the wire of an external key store proxy: the API through which AWS KMS, or another Coffer, uses keys of this one
 * as external keys (github.com/aws/aws-kms-xksproxy-api-spec, version 1.0.3). An external key id is a key id of the home
 * region. Who signs is an ordinary access key: its principal's policies and the key's decide. The handler never throws;
 * every request leaves an audit record before its answer.
 */
export function createXksWire(core: Core, options: XksWireOptions): WireHandler {
  const proxy: Proxy = { core, ...options, signingKeys: createSigningKeyCache(xksLimits.signingKeys.value) };
  return async (request) => {
    const progress: Progress = {
      caller: callerOf(core, request),
      eventName: "RefusedRequest",
      audited: false,
    };
    try {
      return { status: 200, headers: noStore, body: JSON.stringify(await handle(proxy, request, progress)) };
    } catch (error) {
      return refuse(core, progress, error);
    }
  };
}

function callerOf(core: Core, request: WireRequest): AnonymousCaller {
  const path = shownPath(request.path);
  return anonymousCaller(core, request, { wire: "xks", userAgentChars: xksLimits.userAgentChars.value, path });
}

async function handle(proxy: Proxy, request: WireRequest, progress: Progress): Promise<object> {
  const { core, version } = proxy;
  const target = parseXksPath(request.path, proxy.uriPath);
  const { eventName, run } = calls[target.call];
  progress.eventName = eventName;
  if (request.method !== "POST") {
    throw ServiceError.of("InvalidInput", { kind: "method", reason: "The method must be POST." });
  }
  const principal = await authenticate(core, request, proxy.signingKeys);
  const context: RequestContext = { ...progress.caller, principal };
  progress.caller = context;
  const externalKeyId = "externalKeyId" in target ? target.externalKeyId : "";
  const audited = () => {
    progress.audited = true;
  };
  return run({ core, context, body: XksBody.parse(request.body), externalKeyId, version, audited });
}

async function refuse(core: Core, progress: Progress, thrown: unknown): Promise<WireAnswer> {
  const { detail } = await refusalOf(core, thrown, { ...progress, eventSource: xksEventSource });
  return answerError(detail);
}

/** The answer of the proxy while the instance is sealed: no request is read, nobody is authenticated. */
export function answerSealed(): WireAnswer {
  return answerError({ code: "Sealed", params: {} });
}

function answerError(detail: ErrorDetail): WireAnswer {
  const { status, ...body } = describeError(detail);
  if (detail.code === "InvalidInput" && detail.params.kind === "method") {
    return { status: 405, headers: { ...noStore, allow: "POST" }, body: JSON.stringify(body) };
  }
  return { status, headers: noStore, body: JSON.stringify(body) };
}
