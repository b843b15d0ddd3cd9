import {
  asServiceError,
  type Core,
  decodeUtf8,
  type ErrorDetail,
  execute,
  getCallerIdentity,
  isCompressed,
  type Principal,
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
import { stsError } from "./errors.ts";
import { escapeXml } from "./xml.ts";

const demand: SignatureDemand = { services: ["sts"], maxSkewMs: awsLimits.stsClockSkewMs.value };
const version = "2011-06-15";
const namespace = `https://sts.amazonaws.com/doc/${version}/`;
const eventSource = "sts.amazonaws.com";

/**
 * Answers a request of the AWS query protocol: STS GetCallerIdentity, and AWS's refusal for every other action. Never
 * throws.
 *
 * @param form the body or the query, as sent
 */
export async function answerSts(service: AwsService, request: WireRequest, form: Uint8Array): Promise<WireAnswer> {
  const { core } = service;
  let context: RequestContext | undefined;
  try {
    if (isCompressed(request)) {
      throw ServiceError.of("InvalidInput", {
        kind: "validation",
        reason: "The form is compressed (Content-Encoding).",
      });
    }
    checkAction(form);
    const found = authenticate(core, request, demand, service.signingKeys);
    context = contextOf(core, request, found instanceof Promise ? await found : found);
  } catch (error) {
    return refuse(core, request, asServiceError(core, error));
  }
  try {
    return answer(
      request,
      200,
      encodeIdentity(await execute(core, getCallerIdentity, null, context), request.requestId),
    );
  } catch (error) {
    return answerError(request, asServiceError(core, error).detail);
  }
}

/** @throws ServiceError unless the form asks for GetCallerIdentity */
function checkAction(form: Uint8Array): void {
  const text = form.byteLength > awsLimits.formBytes.value ? undefined : decodeUtf8(form);
  if (text === undefined) {
    throw ServiceError.of("InvalidInput", {
      kind: "validation",
      reason: `The form is not UTF-8 or has more than ${awsLimits.formBytes.value} bytes.`,
    });
  }
  const fields = new URLSearchParams(text);
  const action = fields.get("Action");
  const asked = fields.get("Version");
  if (action === "GetCallerIdentity" && asked === version) return;
  const max = awsLimits.targetChars.value;
  throw ServiceError.of("NotFound", {
    resource: "operation",
    id: `${action?.slice(0, max) ?? "(none)"} for version ${asked?.slice(0, max) ?? "NO_VERSION_SPECIFIED"}`,
  });
}

async function refuse(core: Core, request: WireRequest, error: ServiceError): Promise<WireAnswer> {
  const caller = unknownCaller(core, request);
  const eventName = error.code === "NotFound" ? "UnknownOperation" : "GetCallerIdentity";
  const { detail } = await refusalOf(core, error, { caller, audited: false, eventSource, eventName });
  return answerError(request, detail);
}

function encodeIdentity({ arn, principalId, account }: Principal, requestId: string): string {
  return [
    `<GetCallerIdentityResponse xmlns="${namespace}">`,
    "  <GetCallerIdentityResult>",
    `    <Arn>${escapeXml(arn)}</Arn>`,
    `    <UserId>${escapeXml(principalId)}</UserId>`,
    `    <Account>${escapeXml(account)}</Account>`,
    "  </GetCallerIdentityResult>",
    "  <ResponseMetadata>",
    `    <RequestId>${escapeXml(requestId)}</RequestId>`,
    "  </ResponseMetadata>",
    "</GetCallerIdentityResponse>",
    "",
  ].join("\n");
}

function answerError(request: WireRequest, detail: ErrorDetail): WireAnswer {
  const { code, status, message } = stsError(detail);
  const body = [
    `<ErrorResponse xmlns="${namespace}">`,
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
