import { crossAccountActions } from "./actions.ts";
import { evaluatePolicy } from "./evaluate.ts";
import type {
  AuthorizationDecision,
  AuthorizationInput,
  AuthorizationReason,
  CompiledPolicy,
  Evaluation,
  PolicySource,
  StatementMatch,
} from "./types.ts";

type By = NonNullable<AuthorizationDecision["by"]>;
type Sides = {
  readonly key: Evaluation | undefined;
  readonly identity: Side;
  readonly session: Side;
  readonly boundary: Side;
};

/** What the policies of one source say together. */
type Side = { readonly denies: By | undefined; readonly allows: By | undefined; readonly exists: boolean };

const noSide: Side = { denies: undefined, allows: undefined, exists: false };

/**
 * Combines all policies as AWS does for a KMS key (AWS KMS Developer Guide, "Troubleshooting key access"; IAM User Guide,
 * "Policy evaluation logic" and "Cross-account policy evaluation logic"):
 *
 * 1. A Deny anywhere is final.
 * 2. Without a key the identity policies decide; the account root needs none.
 * 3. With a key of the caller's account it takes a key policy statement that names the caller, or a grant, or a
 *    statement that names the account together with an identity policy. Identity policies alone are never enough.
 * 4. With a key of another account it takes a key policy statement (naming the caller or its account) and an identity
 *    policy, or a grant.
 * 5. A permissions boundary and session policies must allow as well, except where the key policy of the caller's own
 *    account names the user or session itself, a service, or everybody.
 */
export function authorize(input: AuthorizationInput): AuthorizationDecision {
  const { request, keyPolicy, identityPolicies, sessionPolicies, boundary } = input;
  const sides: Sides = {
    key: keyPolicy === undefined ? undefined : evaluatePolicy(keyPolicy, request),
    identity: combine("identity-policy", identityPolicies, input),
    session: sessionPolicies === undefined ? noSide : combine("session-policy", sessionPolicies, input),
    boundary: boundary === undefined ? noSide : combine("boundary", [boundary], input),
  };
  const denial = findDenial(sides);
  if (denial !== undefined) return { allowed: false, reason: "explicit-deny", by: denial };
  if (sides.key === undefined) return limit(decideWithoutKey(input, sides), sides);
  if (isCrossAccount(input)) return limit(decideCrossAccount(input, sides, sides.key), sides);
  const decision = decideOwnKey(input, sides, sides.key);
  return isBeyondLimits(input, sides.key) ? decision : limit(decision, sides);
}

function combine(source: PolicySource, policies: readonly CompiledPolicy[], input: AuthorizationInput): Side {
  let denies: By | undefined;
  let allows: By | undefined;
  const numbered = source !== "boundary";
  for (let i = 0; i < policies.length; i++) {
    const evaluation = evaluatePolicy(policies[i] as CompiledPolicy, input.request);
    denies ??= evaluation.denies && by(source, evaluation.denies, numbered ? i : undefined);
    allows ??= evaluation.allows && by(source, evaluation.allows, numbered ? i : undefined);
  }
  return { denies, allows, exists: true };
}

function by(source: PolicySource, match: StatementMatch | undefined, policy?: number): By {
  return {
    source,
    ...(policy === undefined ? {} : { policy }),
    ...(match === undefined ? {} : { statement: match.statement }),
    ...(match?.sid === undefined ? {} : { sid: match.sid }),
  };
}

function findDenial(sides: Sides): By | undefined {
  if (sides.key?.denies !== undefined) return by("key-policy", sides.key.denies);
  return sides.identity.denies ?? sides.boundary.denies ?? sides.session.denies;
}

/** A service has no account of its own: the key policy alone decides on it. */
function isCrossAccount(input: AuthorizationInput): boolean {
  return input.request.principal.kind !== "service" && input.request.principal.account !== input.keyAccount;
}

/** What the caller's own account says: identity policies do not apply to its root, which may do everything there. */
function allowOfIdentity(input: AuthorizationInput, sides: Sides): AuthorizationDecision | undefined {
  if (input.request.principal.kind === "root") return { allowed: true, reason: "account-root" };
  const { allows } = sides.identity;
  return allows === undefined ? undefined : { allowed: true, reason: "identity-policy", by: allows };
}

function decideWithoutKey(input: AuthorizationInput, sides: Sides): AuthorizationDecision {
  return allowOfIdentity(input, sides) ?? refusal("implicit-deny");
}

function decideOwnKey(input: AuthorizationInput, sides: Sides, key: Evaluation): AuthorizationDecision {
  if (key.allowsExactly) return { allowed: true, reason: "key-policy", by: by("key-policy", key.allows) };
  if (input.grantAllows === true) return { allowed: true, reason: "grant", by: { source: "grant" } };
  const delegated = key.allowsAccount ? allowOfIdentity(input, sides) : undefined;
  return delegated ?? refusal("implicit-deny");
}

function decideCrossAccount(input: AuthorizationInput, sides: Sides, key: Evaluation): AuthorizationDecision {
  const { action } = input.request;
  if (action.startsWith("kms:") && !crossAccountActions.has(action)) return refusal("cross-account-unsupported");
  if (input.grantAllows === true) return { allowed: true, reason: "grant", by: { source: "grant" } };
  if (!key.allowsExactly && !key.allowsAccount) return refusal("implicit-deny");
  return allowOfIdentity(input, sides) ?? refusal("identity-implicit-deny");
}

/**
 * Whether what the key policy allows stands although a boundary or session policy does not allow it (IAM User Guide,
 * "Determining whether a request is allowed or denied within an account"). A user with session policies is a federated
 * one: naming the user does not name its session.
 */
function isBeyondLimits(input: AuthorizationInput, key: Evaluation): boolean {
  if (!key.allowsDirectly) return false;
  const { kind } = input.request.principal;
  if (key.allows?.principalMatch !== "exact") return true;
  return kind === "assumed-role" || (kind !== "role" && input.sessionPolicies === undefined);
}

function limit(decision: AuthorizationDecision, sides: Sides): AuthorizationDecision {
  if (!decision.allowed) return decision;
  if (sides.boundary.exists && sides.boundary.allows === undefined) return refusal("boundary-implicit-deny");
  if (sides.session.exists && sides.session.allows === undefined) return refusal("session-implicit-deny");
  return decision;
}

function refusal(reason: AuthorizationReason): AuthorizationDecision {
  return { allowed: false, reason };
}
