import type { Core, WireAnswer, WireHandler, WireRequest } from "@coffer/service";
import { createSigningKeyCache } from "@coffer/sigv4";
import type { AwsService } from "./aws-service.ts";
import { answerKms } from "./kms/answer-kms.ts";
import { awsLimits } from "./limits.ts";
import { answerQuery } from "./query/answer-query.ts";

const help = `This is Coffer. At this address it speaks the AWS KMS API (and STS and IAM) to any AWS SDK or CLI:

  aws --endpoint-url http://HOST:PORT kms list-keys

The Vault API is below /v1/.
`;

/**
 * Makes the AWS wire: AWS KMS (AWS JSON 1.1 protocol) and STS and IAM (AWS query protocol), all at `/`. The
 * operation is in the `X-Amz-Target` header, or in the form field or query parameter `Action`.
 */
export function createAwsWire(core: Core): WireHandler {
  const service: AwsService = { core, signingKeys: createSigningKeyCache(awsLimits.signingKeys.value) };
  return (request) => answer(service, request);
}

function answer(service: AwsService, request: WireRequest): Promise<WireAnswer> {
  switch (protocolOf(request)) {
    case "kms":
      return answerKms(service, request, request.method === "POST" ? request.headers.get("x-amz-target") : undefined);
    case "query":
      return answerQuery(service, request, isFormPost(request) ? request.body : Buffer.from(request.query));
    case "help":
      return Promise.resolve(answerHelp(request));
  }
}

/** Which protocol a request speaks. What is none of them is an unknown operation of KMS. */
export function protocolOf(request: WireRequest): "kms" | "query" | "help" {
  const { method, headers, query } = request;
  if (method === "POST" && headers.get("x-amz-target") !== undefined) return "kms";
  if (isFormPost(request)) return "query";
  if ((method === "GET" || method === "POST") && hasAction(query)) return "query";
  return (method === "GET" || method === "HEAD") && query === "" ? "help" : "kms";
}

function isFormPost({ method, headers, body }: WireRequest): boolean {
  if (method !== "POST") return false;
  return body.byteLength > 0 && headers.get("content-type")?.startsWith("application/x-www-form-urlencoded") === true;
}

function hasAction(query: string): boolean {
  return query.startsWith("Action=") || query.includes("&Action=");
}

/** What somebody sees who opens the address in a browser. Public and always the same. */
export function answerHelp(request: WireRequest): WireAnswer {
  return {
    status: 200,
    headers: { "content-type": "text/plain; charset=utf-8", "x-amzn-requestid": request.requestId },
    body: help,
  };
}
