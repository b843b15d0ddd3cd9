import {
  type AnonymousCaller,
  anonymousCaller,
  asServiceError,
  type Core,
  invariant,
  type RequestContext,
  refusalOf,
  ServiceError,
  type WireAnswer,
  type WireHandler,
  type WireRequest,
} from "@coffer/service";
import { type Area, findArea } from "./areas.ts";
import { RequestAudit } from "./audit/request-audit.ts";
import { describeError } from "./errors.ts";
import { admit, nobody, notAdmitted } from "./http/admit.ts";
import { authenticate, refuseUnsupportedHeaders, shownToken } from "./http/authenticate.ts";
import { VaultCall } from "./http/call.ts";
import { answerErrors, answerResult, type VaultResult } from "./http/envelope.ts";
import type { Fields } from "./http/fields.ts";
import { readFields, readOperation } from "./http/read-request.ts";
import type { RouteMatch } from "./http/routes.ts";
import { vaultLimits } from "./limits.ts";
import { parseVaultPath } from "./vault-path.ts";
import { checkWrappingToken } from "./wrapping/check-token.ts";
import { readWrapTtl } from "./wrapping/wrap-header.ts";
import { isWrappable, wrapResult } from "./wrapping/wrapped-result.ts";

/** How far a request got: what the audit record of its refusal says of it. */
interface Progress {
  caller: RequestContext | AnonymousCaller;
  audited: boolean;
  readonly devices: RequestAudit;
}

const eventSource = "vault.coffer";
const userAgentChars = 256;
const { bodyMembers, secretMembers } = vaultLimits;

/**
 * The Vault API for paths below `/v1/`, but for those that work without an open instance (`createSealWire`). The handler
 * never throws; every request leaves an audit record before its answer.
 */
export function createVaultWire(core: Core): WireHandler {
  return async (request) => {
    const progress: Progress = {
      caller: callerOf(core, request),
      audited: false,
      devices: new RequestAudit(core),
    };
    let answer: WireAnswer;
    try {
      answer = await handle(core, request, progress);
    } catch (error) {
      answer = await refuse(core, progress, error);
    }
    // The original's errors do not name the request; whoever runs the server can explain it by this id.
    return { ...answer, headers: { ...answer.headers, "X-Request-Id": request.requestId } };
  };
}

function callerOf(core: Core, request: WireRequest): AnonymousCaller {
  return anonymousCaller(core, request, {
    wire: "vault",
    userAgentChars,
    path: request.path.slice(0, vaultLimits.pathChars.value),
  });
}

async function refuse(core: Core, progress: Progress, thrown: unknown): Promise<WireAnswer> {
  const { caller, audited, devices } = progress;
  let { detail } = await refusalOf(core, thrown, { caller, audited, eventSource, eventName: "RefusedRequest" });
  try {
    if (detail.code !== "AuditUnavailable") await devices.logRefusal(describeError(detail).errors);
  } catch (error) {
    detail = asServiceError(core, error).detail;
  }
  const { status, errors } = describeError(detail);
  return answerErrors(status, errors);
}

async function handle(core: Core, request: WireRequest, progress: Progress): Promise<WireAnswer> {
  const path = parseVaultPath(request.path);
  refuseUnsupportedHeaders(request);
  const wrapTtlSeconds = readWrapTtl(request);
  const query = new URLSearchParams(request.query);
  const operation = readOperation(request.method, query);
  const area = await findArea(core, path.text, path.segments);
  const match = area?.table.match(area.segments, operation, path.trailingSlash);
  const isList = operation === "list" || operation === "scan";
  // A list always ends in a slash for the original, whether the client wrote it or not.
  const askedPath = path.trailingSlash || isList ? `${path.text}/` : path.text;
  const know = (token?: string, fields?: Fields, creates?: boolean) =>
    progress.devices.know(() => ({
      context: progress.caller,
      path: askedPath,
      operation: creates === true ? "create" : operation,
      token,
      fields,
      mount: area?.mount,
      mountType: area?.mountType ?? "",
      wrapTtlSeconds,
      nowMs: core.clock.nowMs(),
    }));
  know();
  if (match?.route.wrappingToken === true) {
    await checkWrappingToken(core, request, readFields(operation, request, query));
  }
  const isOpen = match?.route.open?.includes(operation) === true;
  const looksAtToken = match?.route.optionalToken === true && shownToken(request) !== undefined;
  const { principal, token } =
    isOpen && !looksAtToken ? { principal: nobody(core.account), token: undefined } : await authenticate(core, request);
  progress.caller = { ...progress.caller, principal };
  if (operation === "update" && path.trailingSlash) {
    throw ServiceError.of("InvalidInput", { kind: "validation", reason: "cannot write to a path ending in '/'" });
  }
  const anyFields = match?.route.anyFields === true;
  let fields = readFields(operation, request, query, (anyFields ? secretMembers : bodyMembers).value);
  const routePath = match && { core, mount: area?.mount, captures: match.captures, token: principal.token };
  const creates =
    operation === "update" && routePath !== undefined && (await match?.route.exists?.(routePath)) === false;
  if (!isOpen) {
    const admission = await admit(
      core,
      { ...progress.caller, principal },
      {
        path: askedPath,
        foldedPath: foldedPathOf(askedPath, area, match),
        operation: creates ? "create" : operation,
        sudo: match?.route.sudo?.includes(operation) === true,
        fields,
        wrapTtlSeconds,
        nowMs: core.clock.nowMs(),
      },
    );
    progress.caller = admission.context;
    know(token, fields, creates);
    if (!admission.allowed) throw notAdmitted(admission.context);
    fields = admission.fields;
  } else know(token, fields, creates);
  if (area === undefined) throw ServiceError.of("NotFound", { resource: "mount", id: path.text });
  if (match === undefined) throw ServiceError.of("NotFound", { resource: "route", id: path.text });
  const handler = match.operations.get(operation);
  if (handler === undefined) {
    throw ServiceError.of("InvalidInput", { kind: "method", reason: "unsupported operation" });
  }
  const context: RequestContext = { ...progress.caller, principal: progress.caller.principal ?? principal };
  const { captures } = match;
  const call = new VaultCall({
    core,
    context,
    fields,
    captures,
    mount: area.mount,
    token,
    request,
    creates,
    wrapTtlSeconds,
  });
  await progress.devices.logRequest();
  let result: VaultResult;
  try {
    result = withIgnored(await handler(call), match, fields);
    if (wrapTtlSeconds !== undefined && isWrappable(result)) result = await wrapResult(call, result, wrapTtlSeconds);
  } finally {
    progress.audited = call.audited;
  }
  invariant(call.audited, "every Vault route runs an operation");
  await progress.devices.logAnswer(result);
  return answerResult(result, context.requestId, area.mountType);
}

/** The path as it is kept: what auth methods keep has names in lower case, whatever is asked for. */
function foldedPathOf(path: string, area: Area | undefined, match: RouteMatch | undefined): string | undefined {
  if (area === undefined || match === undefined) return undefined;
  const { folds = area.mount?.path.startsWith("auth/") === true ? "case" : undefined, pattern } = match.route;
  if (folds === undefined) return undefined;
  const end = path.endsWith("/") ? "/" : "";
  const own = path.slice(0, path.length - end.length).split("/");
  // Just what the name loses where it is kept: folded any more, it would be another one's.
  const nameAt = own.length - area.segments.length + (folds === "caseAndSpace" ? pattern.split("/").length - 1 : 0);
  const name = own.slice(nameAt).join("/").toLowerCase();
  const kept = folds === "caseAndSpace" ? name.trim() : name;
  return [...own.slice(0, nameAt), ...(nameAt < own.length ? [kept] : [])].join("/") + end;
}

/** Names the parameters that the endpoint does not know in a warning, as the original does. */
function withIgnored(result: VaultResult, match: RouteMatch, fields: Fields): VaultResult {
  if (result.data === undefined || match.route.anyFields === true) return result;
  const ignored = fields.names().filter((name) => !match.fields.has(name));
  if (ignored.length === 0) return result;
  const shown = ignored.sort().slice(0, vaultLimits.ignoredNames.value).join(" ");
  const warning = `Endpoint ignored these unrecognized parameters: [${shown}]`;
  return { ...result, warnings: [...(result.warnings ?? []), warning] };
}
