import type { WireAnswer, WireRequest } from "@coffer/service";
import { answerSealedHealth, type SealedState } from "./http/probes.ts";
import { answerProblem } from "./http/problem.ts";

/** The answer of the REST wire while the instance is sealed: no request is read, nobody is authenticated. */
export function answerSealed(request: WireRequest, state: SealedState, version: string): WireAnswer {
  const isProbe = request.method === "GET" || request.method === "HEAD";
  if (isProbe && request.path === "/health") return answerSealedHealth(state, version);
  return answerProblem({ code: "Sealed", params: {} }, { requestId: request.requestId });
}
