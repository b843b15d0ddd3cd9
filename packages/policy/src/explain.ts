import type { CompiledStatement } from "./compiled.ts";
import { expectedOf, holds } from "./conditions.ts";
import { matchPrincipal, strength } from "./principals.ts";
import { valuesOf } from "./request-keys.ts";
import { matchesAction, matchesResource } from "./targets.ts";
import type {
  AuthorizationInput,
  CompiledPolicy,
  ConsideredStatement,
  PolicyRequest,
  PolicySource,
  StatementExplanation,
} from "./types.ts";

/** Every statement of every policy of a request, as {@link explainPolicy} tells of it. */
export function explainAuthorization(input: AuthorizationInput): ConsideredStatement[] {
  const { request, keyPolicy, identityPolicies, sessionPolicies = [], boundary } = input;
  const told: ConsideredStatement[] = [];
  const tell = (source: PolicySource, policy: CompiledPolicy, at?: number) => {
    for (const one of explainPolicy(policy, request)) {
      told.push({ source, ...(at === undefined ? {} : { policy: at }), ...one });
    }
  };
  if (keyPolicy !== undefined) tell("key-policy", keyPolicy);
  for (const [at, policy] of identityPolicies.entries()) tell("identity-policy", policy, at);
  if (boundary !== undefined) tell("boundary", boundary);
  for (const [at, policy] of sessionPolicies.entries()) tell("session-policy", policy, at);
  return told;
}

/**
 * Says of every statement, in document order, whether it matches the request and, if not, which of its elements failed
 * first. It holds values of the request (an encryption context, say): show it to operators alone.
 */
export function explainPolicy(policy: CompiledPolicy, request: PolicyRequest): StatementExplanation[] {
  return policy.statements.map((statement) => {
    const failed = findFailure(statement, request);
    const { index, sid, effect } = statement;
    return {
      statement: index,
      ...(sid === undefined ? {} : { sid }),
      effect,
      matched: failed === undefined,
      ...(failed === undefined ? {} : { failed }),
    };
  });
}

function findFailure(statement: CompiledStatement, request: PolicyRequest): StatementExplanation["failed"] {
  const { principal, action, resource, conditions } = statement;
  if (principal !== undefined && matchPrincipal(principal, request.principal) === strength.none) {
    const { arn, roleArn, serviceName } = request.principal;
    const actual = [serviceName ?? arn, ...(roleArn === undefined ? [] : [roleArn])];
    return { element: "Principal", expected: principal.written, actual };
  }
  if (!matchesAction(action, request.action)) {
    return { element: "Action", expected: action.written, actual: [request.action] };
  }
  if (resource === undefined || !matchesResource(resource, request)) {
    return { element: "Resource", expected: resource?.written ?? [], actual: [request.resource] };
  }
  for (const condition of conditions) {
    if (holds(condition, request)) continue;
    const { operator, key, lookupKey } = condition;
    const actual = valuesOf(request, lookupKey);
    const expected = expectedOf(condition, request);
    return { element: "Condition", operator, key, expected, ...(actual === undefined ? {} : { actual }) };
  }
  return undefined;
}
