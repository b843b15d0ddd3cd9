import {
  type AnonymousCaller,
  anonymousCaller,
  type Core,
  invariant,
  parsePath,
  type RequestContext,
  refusalOf,
  ServiceError,
  type WireAnswer,
  type WireHandler,
  type WireRequest,
} from "@coffer/service";
import { authenticate } from "./http/authenticate.ts";
import { answerHealth, answerJson } from "./http/probes.ts";
import { answerProblem } from "./http/problem.ts";
import { readBody, readParameters } from "./http/read-request.ts";
import { RestCall, type RestMethod, type RestResult, type RestRoute } from "./http/route.ts";
import { type PathMatch, Router } from "./http/router.ts";
import { restLimits } from "./limits.ts";
import { describeApi } from "./openapi.ts";
import { routes } from "./routes/index.ts";

export interface RestWireOptions {
  /** Coffer's version, for health and the OpenAPI document. */
  readonly version: string;
}

/** How far a request got: what its refusal needs. */
interface Progress {
  caller: RequestContext | AnonymousCaller;
  audited: boolean;
  allow: readonly string[] | undefined;
}

const eventSource = "rest.coffer";
const userAgentChars = 256;
const router = new Router(routes);
const probeMethods = ["GET", "HEAD"] as const;

/** Public answers by path: no token, no audit record. */
type Probe = () => WireAnswer;

/**
 * The REST API: every path that no other wire has. The handler never throws; every request but the public probes leaves an
 * audit record before its answer.
 */
export function createRestWire(core: Core, options: RestWireOptions): WireHandler {
  const startedAtMs = core.clock.nowMs();
  const openApi = JSON.stringify(describeApi(options.version));
  const probes: ReadonlyMap<string, Probe> = new Map([
    ["/health", () => answerHealth(core, options.version, startedAtMs)],
    ["/openapi.json", () => answerJson(200, openApi)],
  ]);
  return async (request) => {
    const progress: Progress = { caller: callerOf(core, request), audited: false, allow: undefined };
    try {
      return await handle(core, probes, request, progress);
    } catch (error) {
      return refuse(core, progress, error);
    }
  };
}

function callerOf(core: Core, request: WireRequest): AnonymousCaller {
  return anonymousCaller(core, request, {
    wire: "rest",
    userAgentChars,
    path: request.path.slice(0, restLimits.pathChars.value),
  });
}

async function refuse(core: Core, progress: Progress, thrown: unknown): Promise<WireAnswer> {
  const { caller, allow } = progress;
  const error = await refusalOf(core, thrown, { ...progress, eventSource, eventName: "RefusedRequest" });
  return answerProblem(error.detail, { requestId: caller.requestId, allow: error === thrown ? allow : undefined });
}

async function handle(
  core: Core,
  probes: ReadonlyMap<string, Probe>,
  request: WireRequest,
  progress: Progress,
): Promise<WireAnswer> {
  const probe = probes.get(request.path);
  if (probe !== undefined) {
    if (request.method === "GET" || request.method === "HEAD") return probe();
    refuseMethod(request, probeMethods, progress);
  }
  const match = findPath(request);
  const route = findRoute(match, request, progress);
  const principal = await authenticate(core, request);
  const context: RequestContext = { ...progress.caller, principal };
  progress.caller = context;
  const parameters = readParameters(route, match.captures, request.query);
  const { value, text } = readBody(route, request);
  const call = new RestCall({ core, context, body: value as never, bodyText: text, parameters });
  let result: RestResult;
  try {
    result = await route.handler(call);
  } finally {
    progress.audited = call.audited;
  }
  invariant(call.audited, "every REST route runs an operation");
  return answerResult(result, context.requestId);
}

/** @throws ServiceError InvalidInput for a path that nobody should send; NotFound resource `route` */
function findPath(request: WireRequest): PathMatch {
  if (request.path.length > restLimits.pathChars.value) {
    throw ServiceError.of("InvalidInput", {
      kind: "validation",
      reason: `The path has more than ${restLimits.pathChars.value} characters.`,
    });
  }
  const parsed = parsePath(request.path);
  if (!parsed.ok) throw ServiceError.of("InvalidInput", { kind: "validation", reason: parsed.reason });
  const match = parsed.trailingSlash ? undefined : router.match(parsed.segments);
  if (match === undefined) throw ServiceError.of("NotFound", { resource: "route", id: request.path });
  return match;
}

function findRoute(match: PathMatch, request: WireRequest, progress: Progress): RestRoute {
  const method = request.method === "HEAD" ? "GET" : request.method;
  const route = match.routes.get(method as RestMethod);
  if (route !== undefined) return route;
  const methods = [...match.routes.keys()].flatMap((name) => (name === "GET" ? ["GET", "HEAD"] : [name]));
  return refuseMethod(request, methods, progress);
}

function refuseMethod(request: WireRequest, allow: readonly string[], progress: Progress): never {
  progress.allow = allow;
  throw ServiceError.of("InvalidInput", {
    kind: "method",
    reason: `${request.path} does not take ${request.method}. Use ${allow.join(" or ")}.`,
  });
}

function answerResult({ status, json }: RestResult, requestId: string): WireAnswer {
  const headers = { "Cache-Control": "no-store", "X-Request-Id": requestId };
  if (json === undefined) return { status, headers, body: "" };
  return { status, headers: { "Content-Type": "application/json", ...headers }, body: json };
}
