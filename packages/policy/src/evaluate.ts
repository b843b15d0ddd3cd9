import type { CompiledStatement } from "./compiled.ts";
import { holds } from "./conditions.ts";
import { matchPrincipal, type Strength, strength } from "./principals.ts";
import { matchesResource } from "./targets.ts";
import type { CompiledPolicy, Evaluation, PolicyRequest, StatementMatch } from "./types.ts";

/**
 * What one policy says to a request. Whether that is enough is for {@link authorize}: a Deny here is final, an Allow is
 * one side of the answer. No clock, no I/O; costs about a microsecond when no condition is involved.
 */
export function evaluatePolicy(policy: CompiledPolicy, request: PolicyRequest): Evaluation {
  const { denies, allows } = policy.actions.candidatesFor(request.action);
  let denied: StatementMatch | undefined;
  for (const statement of denies) {
    const met = meet(statement, request);
    if (met === strength.none) continue;
    denied = statement.matches[met];
    break;
  }
  let best: Strength = strength.none;
  let allowed: StatementMatch | undefined;
  let allowsAccount = false;
  for (const statement of allows) {
    const met = meet(statement, request);
    if (met === strength.account) allowsAccount = true;
    if (met <= best) continue;
    best = met;
    allowed = statement.matches[met];
  }
  const isNamed = best > strength.account && best !== strength.unneeded;
  return {
    denies: denied,
    allows: allowed,
    allowsExactly: isNamed,
    allowsAccount,
    allowsDirectly: isNamed && best > strength.role,
  };
}

/** How strongly the statement applies to the request; `none` when any of its elements does not match. */
function meet(statement: CompiledStatement, request: PolicyRequest): Strength {
  const met =
    statement.principal === undefined ? strength.unneeded : matchPrincipal(statement.principal, request.principal);
  if (met === strength.none || statement.resource === undefined) return strength.none;
  if (!matchesResource(statement.resource, request)) return strength.none;
  for (const condition of statement.conditions) if (!holds(condition, request)) return strength.none;
  return met;
}
