import { contextOperationNames, grantOperationNames } from "./actions.ts";
import { authorize } from "./authorize.ts";
import { ActionIndex } from "./compiled.ts";
import { evaluatePolicy } from "./evaluate.ts";
import { parsePolicy } from "./parse.ts";
import type {
  AuthorizationDecision,
  AuthorizationInput,
  CompiledPolicy,
  PolicyKind,
  PolicyPrincipal,
  PolicySource,
} from "./types.ts";

/** One thing to add so that a request is allowed: a grant, or a statement in a policy. */
export type RemedyStep = PolicySource;

/** Things that together allow a request. */
export type Remedy = readonly RemedyStep[];

/** A request, as far as a remedy depends on it. */
export interface RemedySubject {
  readonly principal: Pick<PolicyPrincipal, "arn" | "kind" | "roleArn" | "serviceName">;
  readonly action: string;
  readonly resource: string;
  /** The encryption context of the request; a remedy is for this one alone. */
  readonly encryptionContext?: Readonly<Record<string, string>>;
}

/** One statement of a policy, as JSON. */
export type LeastStatement = Readonly<Record<string, unknown>>;

/** What `CreateGrant` takes, as far as a remedy says (AWS KMS API: CreateGrant). */
export interface LeastGrant {
  readonly GranteePrincipal: string;
  readonly Operations: readonly string[];
  readonly Constraints?: { readonly EncryptionContextEquals: Readonly<Record<string, string>> };
}

const kinds = {
  "key-policy": "key",
  "identity-policy": "identity",
  "session-policy": "session",
  boundary: "boundary",
} as const satisfies Record<Exclude<PolicySource, "grant">, PolicyKind>;

/**
 * The least that would allow a refused request: a grant where there can be one, and statements in the policies that say
 * nothing yet. Each answer was tried: with it `authorize` allows the request. None helps against a Deny, or for an action
 * that no key of another account allows.
 */
export function findRemedies(input: AuthorizationInput): readonly Remedy[] {
  const { request, keyPolicy } = input;
  const statements = complete(input, []);
  if (statements?.length === 0) return [];
  const others = statements === undefined ? [] : [statements];
  // Where only limits are silent a grant adds nothing.
  const isOpen =
    statements === undefined || statements.some((step) => step === "key-policy" || step === "identity-policy");
  if (keyPolicy === undefined || !isOpen || leastGrant(request) === undefined) return others;
  const grant = complete({ ...input, grantAllows: true }, ["grant"]);
  return grant === undefined ? others : [grant, ...others];
}

function complete(start: AuthorizationInput, first: Remedy): Remedy | undefined {
  const steps: RemedyStep[] = [...first];
  let input = start;
  for (;;) {
    const decision = authorize(input);
    if (decision.allowed) return steps;
    const side = missingSide(input, decision);
    // A statement that did not help once does not help twice.
    if (side === undefined || steps.includes(side)) return undefined;
    const better = withStatement(input, side);
    if (better === undefined) return undefined;
    input = better;
    steps.push(side);
  }
}

type PolicySide = keyof typeof kinds;

function missingSide(
  { request, keyPolicy }: AuthorizationInput,
  { reason }: AuthorizationDecision,
): PolicySide | undefined {
  if (reason === "boundary-implicit-deny") return "boundary";
  if (reason === "session-implicit-deny") return "session-policy";
  if (reason === "identity-implicit-deny") return "identity-policy";
  if (reason !== "implicit-deny") return undefined;
  if (keyPolicy === undefined) return "identity-policy";
  return evaluatePolicy(keyPolicy, request).allowsAccount ? "identity-policy" : "key-policy";
}

function withStatement(input: AuthorizationInput, side: PolicySide): AuthorizationInput | undefined {
  const { keyPolicy, identityPolicies, sessionPolicies = [], boundary } = input;
  const text = JSON.stringify({ Version: "2012-10-17", Statement: leastStatement(side, input.request) });
  const parsed = parsePolicy(text, kinds[side]);
  if (!parsed.ok) return undefined;
  const { policy } = parsed;
  if (side === "identity-policy") return { ...input, identityPolicies: [...identityPolicies, policy] };
  if (side === "session-policy") return { ...input, sessionPolicies: [...sessionPolicies, policy] };
  if (side === "boundary") return { ...input, boundary: boundary === undefined ? policy : join(boundary, policy) };
  return { ...input, keyPolicy: keyPolicy === undefined ? policy : join(keyPolicy, policy) };
}

function join(one: CompiledPolicy, other: CompiledPolicy): CompiledPolicy {
  const statements = [...one.statements, ...other.statements];
  return { ...one, statements, actions: new ActionIndex(statements) };
}

/** The least statement for a request. In the policy of a key the resource is that key, whatever `*` says elsewhere. */
export function leastStatement(side: Exclude<RemedyStep, "grant">, subject: RemedySubject): LeastStatement {
  const { action, resource, encryptionContext = {} } = subject;
  const context = Object.entries(encryptionContext);
  // Condition keys have no case: names that differ in case only cannot be told apart by a condition.
  const isDistinct = new Set(context.map(([name]) => name.toLowerCase())).size === context.length;
  return {
    Effect: "Allow",
    ...(side === "key-policy" ? { Principal: principalOf(subject) } : {}),
    Action: action,
    Resource: side === "key-policy" ? "*" : resource,
    ...(context.length === 0 || !isDistinct
      ? {}
      : {
          Condition: {
            StringEquals: Object.fromEntries(
              context.map(([name, value]) => [`kms:EncryptionContext:${name}`, literal(value)]),
            ),
          },
        }),
  };
}

/** So that a value is never read as a policy variable. */
function literal(value: string): string {
  return value.replaceAll("$", "$" + "{$}");
}

/** A session is named by its role, whose sessions come and go. */
function principalOf({ principal }: RemedySubject): Readonly<Record<string, string>> {
  const { kind, arn, roleArn, serviceName } = principal;
  return kind === "service" ? { Service: serviceName ?? arn } : { AWS: roleArn ?? arn };
}

/** The least grant for a request; undefined where AWS has none. */
export function leastGrant({ principal, action, encryptionContext = {} }: RemedySubject): LeastGrant | undefined {
  const operation = action.startsWith("kms:") ? action.slice("kms:".length) : "";
  if (!grantOperationNames.has(operation) || principal.kind === "service") return undefined;
  const isBound = contextOperationNames.has(operation) && Object.keys(encryptionContext).length > 0;
  return {
    GranteePrincipal: principal.roleArn ?? principal.arn,
    Operations: [operation],
    ...(isBound ? { Constraints: { EncryptionContextEquals: encryptionContext } } : {}),
  };
}
