import {
  type AnonymousCaller,
  asServiceError,
  type Core,
  decodeUtf8,
  type Principal,
  parseBearerToken,
  parsePath,
  parseStrictJson,
  type RequestContext,
  recordRefusal,
  ServiceError,
  type WireAnswer,
  type WireHandler,
  type WireRequest,
} from "@coffer/service";
import { restLimits } from "./limits.ts";
import { bodyDepth, type Member, queryObject, readMembers, requireObject, Values } from "./members.ts";
import { openApiDocument } from "./openapi.ts";
import { answerProblem } from "./problem.ts";
import { RestCall, type Route, type RouteMatch, RouteTable } from "./route.ts";
import { adminRoutes } from "./routes-admin.ts";
import { keyRoutes } from "./routes-keys.ts";
import { messageRoutes } from "./routes-messages.ts";
import { statusRoutes } from "./routes-status.ts";

export interface RestWireOptions {
  /** Coffer's version. */
  readonly version: string;
}

/** How far a request got: what the audit record of its refusal says of it. */
interface Progress {
  caller: RequestContext | AnonymousCaller;
  audited: boolean;
  /** Headers that the refusal carries. */
  headers: Readonly<Record<string, string>>;
}

const eventSource = "rest.coffer";
const userAgentChars = 256;
const noMembers: ReadonlyMap<string, Member> = new Map();
const noValues = new Values(new Map());

/**
 * The REST API: JSON on every path that is neither AWS's nor Vault's. The handler never throws; every request but the
 * probes leaves an audit record before its answer.
 */
export function createRestWire(core: Core, options: RestWireOptions): WireHandler {
  const { version } = options;
  const described = [...keyRoutes, ...messageRoutes, ...statusRoutes(version), ...adminRoutes];
  const openApi = `${JSON.stringify(openApiDocument(described, version))}\n`;
  const table = new RouteTable([
    ...described,
    {
      method: "GET",
      path: "/openapi.json",
      summary: "This document",
      status: 200,
      open: () => ({ status: 200, type: "application/json", body: openApi }),
    },
  ]);
  return async (request) => {
    const progress: Progress = { caller: anonymousCaller(core, request), audited: false, headers: {} };
    try {
      return await handle(core, table, request, progress);
    } catch (error) {
      return refuse(core, progress, asServiceError(core, error));
    }
  };
}

function anonymousCaller(core: Core, request: WireRequest): AnonymousCaller {
  return {
    requestId: request.requestId,
    wire: "rest",
    region: core.homeRegion,
    sourceIp: request.peerAddress,
    userAgent: (request.headers.get("user-agent") ?? "").slice(0, userAgentChars),
    path: request.path.slice(0, restLimits.pathChars.value),
  };
}

async function refuse(core: Core, progress: Progress, error: ServiceError): Promise<WireAnswer> {
  let answered = error;
  if (!progress.audited) {
    const { caller } = progress;
    try {
      await recordRefusal(core, { caller, eventSource, eventName: "RefusedRequest", error: error.detail });
    } catch (failure) {
      answered = asServiceError(core, failure);
    }
  }
  return answerProblem(answered.detail, progress.caller.requestId, progress.headers);
}

async function handle(core: Core, table: RouteTable, request: WireRequest, progress: Progress): Promise<WireAnswer> {
  const match = findPath(table, request.path);
  const route = match.byMethod.get(request.method === "HEAD" ? "GET" : request.method);
  if (route?.open !== undefined) {
    const { status, type, body } = route.open({ core });
    return { status, headers: { "Content-Type": type }, body };
  }
  const principal = await authenticate(core, request);
  const context: RequestContext = { ...progress.caller, principal };
  progress.caller = context;
  if (route === undefined) {
    progress.headers = { Allow: [...match.byMethod.keys()].join(", ") };
    throw ServiceError.of("InvalidInput", {
      kind: "method",
      reason: `${request.method.slice(0, 16)} is not possible here; possible are ${progress.headers["Allow"]}.`,
    });
  }
  const call = new RestCall({
    core,
    context,
    path: match.parts,
    query: readMembers(route.query ?? noMembers, queryObject(route.query ?? noMembers, request.query)),
    body: readBody(route, request.body),
  });
  try {
    const result = (await route.run?.(call)) ?? null;
    return answer(route.status, result, context.requestId);
  } finally {
    progress.audited = call.audited;
  }
}

/** @throws ServiceError NotFound resource `route`, InvalidInput for a path that could be read in two ways */
function findPath(table: RouteTable, path: string): RouteMatch {
  const shown = path.slice(0, 256);
  if (path.length > restLimits.pathChars.value) throw ServiceError.of("NotFound", { resource: "route", id: shown });
  const parsed = parsePath(path);
  if (!parsed.ok) throw ServiceError.of("InvalidInput", { kind: "validation", reason: parsed.reason });
  const match = parsed.trailingSlash ? undefined : table.match(parsed.segments);
  if (match === undefined) throw ServiceError.of("NotFound", { resource: "route", id: shown });
  return match;
}

/** @throws ServiceError Unauthenticated */
async function authenticate(core: Core, request: WireRequest): Promise<Principal> {
  const token = parseBearerToken(request.firstHeader("authorization")) ?? request.firstHeader("x-vault-token");
  if (token === undefined) {
    const anonymous = request.headers.get("authorization") === undefined ? core.identities.anonymous() : undefined;
    if (anonymous !== undefined) return anonymous;
    throw ServiceError.of("Unauthenticated", { failure: "missing", reason: "The request has no token." });
  }
  const principal = await core.identities.findToken(token);
  if (principal !== undefined) return principal;
  throw ServiceError.of("Unauthenticated", { failure: "unknownToken", reason: "The token is unknown or expired." });
}

/** @throws ServiceError InvalidInput */
function readBody(route: Route, body: Uint8Array): Values {
  if (route.body === undefined && route.bodyIsDocument !== true) {
    if (body.byteLength === 0) return noValues;
    return readMembers(noMembers, requireObject(parseBody(body)));
  }
  if (body.byteLength === 0) {
    throw ServiceError.of("InvalidInput", { kind: "serialization", reason: "The request needs a JSON body." });
  }
  if (route.bodyIsDocument !== true) return readMembers(route.body ?? noMembers, requireObject(parseBody(body)));
  requireObject(parseBody(body));
  // A document is kept as it was sent, so that it is read back as it was put.
  return new Values(new Map([["document", decodeUtf8(body)]]));
}

function parseBody(body: Uint8Array): unknown {
  const text = decodeUtf8(body);
  if (text === undefined) {
    throw ServiceError.of("InvalidInput", { kind: "serialization", reason: "The body is no UTF-8 text." });
  }
  const parsed = parseStrictJson(text, { maxDepth: bodyDepth });
  if (parsed.ok) return parsed.value;
  throw ServiceError.of("InvalidInput", {
    kind: "serialization",
    reason: `The body is no JSON: ${parsed.reason} (at character ${parsed.offset}).`,
  });
}

function answer(status: number, result: unknown, requestId: string): WireAnswer {
  if (result === null) return { status: 204, headers: { "X-Request-Id": requestId }, body: "" };
  return {
    status,
    headers: { "Content-Type": "application/json", "X-Request-Id": requestId },
    body: `${JSON.stringify(result)}\n`,
  };
}
