import {
  asServiceError,
  type ErrorDetail,
  isCompressed,
  type RequestContext,
  refusalOf,
  ServiceError,
  type WireAnswer,
  type WireRequest,
} from "@coffer/service";
import { authenticate, type SignatureDemand } from "../authenticate.ts";
import type { AwsService } from "../aws-service.ts";
import { awsLimits } from "../limits.ts";
import { contextOf, unknownCaller } from "../request-context.ts";
import type { KmsRow, PreparedCall } from "./codec.ts";
import { encodeKmsError, kmsError } from "./errors.ts";
import { type AbsentRow, kmsTargets } from "./operations.ts";
import { refuseSerialization } from "./problems.ts";

const demand: SignatureDemand = { services: ["kms"], maxSkewMs: awsLimits.kmsClockSkewMs.value };
const eventSource = "kms.amazonaws.com";
const jsonType = "application/x-amz-json-1.1";
/** What CBOR goes by: Smithy's RPC v2, and AWS's older protocol of its own. The model names neither for KMS. */
const cborType = /^application\/(?:x-amz-)?cbor\b/i;
/** As AWS KMS sends it: plaintext must not stay in any cache. */
const cacheControl = "no-cache, no-store, must-revalidate, private";

/**
 * Answers a request of AWS KMS (AWS JSON 1.1 protocol). Never throws.
 *
 * @param target the `X-Amz-Target` header; undefined when there is none, which is an unknown operation
 */
export async function answerKms(
  service: AwsService,
  request: WireRequest,
  target: string | undefined,
): Promise<WireAnswer> {
  const row = target === undefined ? undefined : kmsTargets.get(target);
  let context: RequestContext | undefined;
  let call: PreparedCall;
  try {
    if (row === undefined) throw ServiceError.of("NotFound", { resource: "operation", id: shownTarget(target) });
    const found = authenticate(service.core, request, demand, service.signingKeys);
    context = contextOf(service.core, request, found instanceof Promise ? await found : found);
    call = prepare(service, row, request, context);
  } catch (error) {
    return refuse(service, request, row, context, error);
  }
  try {
    return { status: 200, headers: headersOf(request, jsonType), body: await call() };
  } catch (error) {
    return answerError(request, row, asServiceError(service.core, error).detail);
  }
}

function prepare(
  service: AwsService,
  row: KmsRow | AbsentRow,
  request: WireRequest,
  context: RequestContext,
): PreparedCall {
  if ("absent" in row) {
    throw ServiceError.of("Unsupported", {
      reason: `${row.name} is not supported by this release of Coffer: it has no ${row.absent}.`,
    });
  }
  if (cborType.test(request.headers.get("content-type") ?? "")) {
    refuseSerialization(`The request body is CBOR; AWS KMS has JSON alone. Send Content-Type ${jsonType}.`);
  }
  if (isCompressed(request)) refuseSerialization("The request body is compressed (Content-Encoding)");
  return row.prepare(service.core, request.body, context);
}

/** The name of an unknown operation for the audit record: what anybody sends, so cut short. */
function shownTarget(target: string | undefined): string {
  return (target ?? "").slice(0, awsLimits.targetChars.value);
}

/** Records a request that reached no operation, then answers it. */
async function refuse(
  { core }: AwsService,
  request: WireRequest,
  row: KmsRow | AbsentRow | undefined,
  context: RequestContext | undefined,
  thrown: unknown,
): Promise<WireAnswer> {
  const caller = context ?? unknownCaller(core, request);
  const eventName = row?.name ?? "UnknownOperation";
  const { detail } = await refusalOf(core, thrown, { caller, audited: false, eventSource, eventName });
  return answerError(request, row, detail);
}

function answerError(request: WireRequest, row: KmsRow | AbsentRow | undefined, detail: ErrorDetail): WireAnswer {
  const error = kmsError(detail, row?.name);
  if (error.type === "UnknownOperationException" && !isJson(request)) {
    return { status: 404, headers: headersOf(request, "text/xml"), body: "<UnknownOperationException/>\n" };
  }
  return { status: error.status, headers: headersOf(request, jsonType), body: encodeKmsError(error) };
}

/** The answer to a request of which nothing was read. */
export function answerKmsError(request: WireRequest, detail: ErrorDetail): WireAnswer {
  return answerError(request, undefined, detail);
}

/** AWS tells an unknown operation in JSON only to who says to speak this protocol. */
function isJson(request: WireRequest): boolean {
  return request.headers.get("content-type")?.startsWith(jsonType) === true;
}

function headersOf(request: WireRequest, contentType: string): Readonly<Record<string, string>> {
  return { "content-type": contentType, "x-amzn-requestid": request.requestId, "cache-control": cacheControl };
}
