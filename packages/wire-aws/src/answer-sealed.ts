import type { WireAnswer, WireRequest } from "@coffer/service";
import { answerKmsError } from "./kms/answer-kms.ts";
import { answerStsError } from "./query/answer-query.ts";
import { answerHelp, protocolOf } from "./wire.ts";

/** The answer of the AWS wire while the instance is sealed: no request is read, nobody is authenticated. */
export function answerSealed(request: WireRequest): WireAnswer {
  const protocol = protocolOf(request);
  if (protocol === "help") return answerHelp(request);
  return protocol === "query"
    ? answerStsError(request, { code: "Sealed", params: {} })
    : answerKmsError(request, { code: "Sealed", params: {} });
}
