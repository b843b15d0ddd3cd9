import {
  asServiceError,
  type Core,
  type ErrorDetail,
  isCompressed,
  type RequestContext,
  refusalOf,
  ServiceError,
  type WireAnswer,
  type WireRequest,
} from "@coffer/service";
import { authenticate, type Caller } from "../authenticate.ts";
import type { AwsService } from "../aws-service.ts";
import { iamModel } from "../iam/model.ts";
import { iamRows } from "../iam/operations.ts";
import { awsLimits } from "../limits.ts";
import { contextOf, unknownCaller } from "../request-context.ts";
import { stsModel } from "../sts/model.ts";
import { stsRows } from "../sts/operations.ts";
import type { AbsentRow, PreparedQuery, QueryModel, QueryRow } from "./codec.ts";
import { queryError } from "./errors.ts";
import { type FormNode, fieldOf, readForm } from "./read-form.ts";
import { escapeXml } from "./xml.ts";

interface QueryService {
  readonly model: QueryModel;
  /** By name of the operation. */
  readonly rows: ReadonlyMap<string, QueryRow | AbsentRow>;
}

const stsService: QueryService = { model: stsModel, rows: stsRows };

/** By version, which tells them apart. */
const services: ReadonlyMap<string, QueryService> = new Map(
  [stsService, { model: iamModel, rows: iamRows }].map((service) => [service.model.version, service]),
);

/** What a form asks for. */
interface Asked {
  readonly model: QueryModel;
  readonly row: QueryRow | AbsentRow;
  readonly form: FormNode;
}

/**
 * Answers a request of the AWS query protocol, of STS or IAM. Never throws.
 *
 * @param form the body or the query, as sent
 */
export async function answerQuery(service: AwsService, request: WireRequest, form: Uint8Array): Promise<WireAnswer> {
  const { core } = service;
  let asked: Asked | undefined;
  let context: RequestContext | undefined;
  let call: PreparedQuery;
  try {
    refuseCompressed(request);
    asked = findOperation(readForm(form));
    context = { ...contextOf(core, request, await findCaller(service, request, asked)), eventName: asked.row.name };
    if (asked.model.region !== undefined) context = { ...context, region: asked.model.region };
    call = prepare(core, asked, context);
  } catch (error) {
    return refuse(core, request, { asked, context }, asServiceError(core, error));
  }
  const { model, row } = asked;
  try {
    return answer(request, 200, encodeAnswer(model, row.name, await call(context), request.requestId));
  } catch (error) {
    return answerError(request, model, asServiceError(core, error).detail);
  }
}

function refuseCompressed(request: WireRequest): void {
  if (!isCompressed(request)) return;
  const reason = "The form is compressed (Content-Encoding).";
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** @throws ServiceError NotFound */
function findOperation(form: FormNode): Asked {
  const action = fieldOf(form, "Action");
  const version = fieldOf(form, "Version");
  const found = services.get(version ?? "");
  const row = found?.rows.get(action ?? "");
  if (found !== undefined && row !== undefined) return { model: found.model, row, form };
  const max = awsLimits.targetChars.value;
  throw ServiceError.of("NotFound", {
    resource: "operation",
    id: `${action?.slice(0, max) ?? "(none)"} for version ${version?.slice(0, max) ?? "NO_VERSION_SPECIFIED"}`,
  });
}

async function findCaller(service: AwsService, request: WireRequest, { model, row, form }: Asked): Promise<Caller> {
  const { core } = service;
  if ("authenticate" in row && row.authenticate !== undefined) {
    return { principal: await row.authenticate(core, form), region: core.homeRegion };
  }
  const demand = { services: [model.service], maxSkewMs: awsLimits.stsClockSkewMs.value };
  return authenticate(core, request, demand, service.signingKeys);
}

function prepare(core: Core, { model, row, form }: Asked, { principal }: RequestContext): PreparedQuery {
  if ("absent" in row) {
    throw ServiceError.of("Unsupported", { reason: `${row.name} is not supported by this release of Coffer.` });
  }
  if (principal.session?.origin === "getSessionToken" && row.refusesUserSessions) {
    if (model.service === "iam") {
      const reason = "The security token included in the request is invalid";
      throw ServiceError.of("Unauthenticated", { failure: "unknownAccessKey", reason });
    }
    throw ServiceError.of("AccessDenied", {
      principalArn: principal.arn,
      action: `${model.service}:${row.name}`,
      resource: "*",
      basis: "explicitDeny",
      reason: `Cannot call ${row.name} with session credentials`,
    });
  }
  return row.prepare(core, form);
}

interface Refused {
  readonly asked: Asked | undefined;
  readonly context: RequestContext | undefined;
}

/** Records a request that reached no operation, then answers it. */
async function refuse(
  core: Core,
  request: WireRequest,
  { asked, context }: Refused,
  error: ServiceError,
): Promise<WireAnswer> {
  const model = asked?.model ?? stsModel;
  const caller = context ?? unknownCaller(core, request);
  const eventName = asked?.row.name ?? "UnknownOperation";
  const { eventSource } = model;
  const { detail } = await refusalOf(core, error, { caller, audited: false, eventSource, eventName });
  return answerError(request, model, detail);
}

function encodeAnswer({ xmlNamespace }: QueryModel, name: string, members: string, requestId: string): string {
  const result = members === "" ? "" : `  <${name}Result>\n${members}  </${name}Result>\n`;
  return [
    `<${name}Response xmlns="${xmlNamespace}">\n${result}  <ResponseMetadata>`,
    `    <RequestId>${escapeXml(requestId)}</RequestId>`,
    "  </ResponseMetadata>",
    `</${name}Response>`,
    "",
  ].join("\n");
}

/** The answer of STS to a request of which nothing was read. */
export function answerStsError(request: WireRequest, detail: ErrorDetail): WireAnswer {
  return answerError(request, stsModel, detail);
}

function answerError(request: WireRequest, { xmlNamespace }: QueryModel, detail: ErrorDetail): WireAnswer {
  const { code, status, message } = queryError(detail);
  const body = [
    `<ErrorResponse xmlns="${xmlNamespace}">`,
    "  <Error>",
    `    <Type>${status < 500 ? "Sender" : "Receiver"}</Type>`,
    `    <Code>${escapeXml(code)}</Code>`,
    `    <Message>${escapeXml(message)}</Message>`,
    "  </Error>",
    `  <RequestId>${escapeXml(request.requestId)}</RequestId>`,
    "</ErrorResponse>",
    "",
  ].join("\n");
  return answer(request, status, body);
}

function answer(request: WireRequest, status: number, body: string): WireAnswer {
  return { status, headers: { "content-type": "text/xml", "x-amzn-requestid": request.requestId }, body };
}
