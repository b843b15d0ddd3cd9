import type {
  AuthorizationDecision,
  AuthorizationInput,
  CompiledPolicy,
  Evaluation,
  ParseResult,
  PolicyKind,
  PolicyRequest,
  StatementExplanation,
} from "./types.ts";

export type { CompiledStatement } from "./compiled.ts";
export {
  parseStrictJson,
  type StrictJsonLimits,
  type StrictJsonReason,
  type StrictJsonResult,
} from "./strict-json.ts";
export type {
  AuthorizationDecision,
  AuthorizationInput,
  AuthorizationReason,
  CompiledPolicy,
  ConditionContext,
  Effect,
  Evaluation,
  ParseResult,
  PolicyKind,
  PolicyPrincipal,
  PolicyProblem,
  PolicyRequest,
  PolicySource,
  PrincipalMatch,
  StatementExplanation,
  StatementMatch,
} from "./types.ts";

export function parsePolicy(_text: string, _kind: PolicyKind): ParseResult {
  throw new Error("parsePolicy is not built yet");
}

export function evaluatePolicy(_policy: CompiledPolicy, _request: PolicyRequest): Evaluation {
  throw new Error("evaluatePolicy is not built yet");
}

export function explainPolicy(_policy: CompiledPolicy, _request: PolicyRequest): StatementExplanation[] {
  throw new Error("explainPolicy is not built yet");
}

export function authorize(_input: AuthorizationInput): AuthorizationDecision {
  throw new Error("authorize is not built yet");
}

export function defaultKeyPolicy(_accountArnRoot: string): string {
  throw new Error("defaultKeyPolicy is not built yet");
}
