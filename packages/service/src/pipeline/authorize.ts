import {
  type AuthorizationDecision,
  type AuthorizationInput,
  type CompiledPolicy,
  authorize as decide,
  evaluatePolicy,
  type PolicyRequest,
} from "@coffer/policy";
import { type ErrorParams, ServiceError } from "../errors.ts";
import type { GrantRefusal } from "../grants/grant-set.ts";
import type { KeyEntry } from "../keys/key-entry.ts";
import type { RequestContext } from "../model/request.ts";
import type { AttestedRecipient } from "./attested-recipient.ts";
import { RequestConditions } from "./conditions.ts";
import { type DecisionRecord, PolicyDenial, recordDecision } from "./decision.ts";
import type { OperationConditions } from "./operation.ts";
import { callersPolicies, policyPrincipal } from "./policy-principal.ts";

/** One question to the policies. */
export interface AuthorizationQuestion {
  readonly request: RequestContext;
  readonly action: string;
  /** The key, or undefined when identity policies alone decide. */
  readonly key: KeyEntry | undefined;
  /** The policy of a resource that is no key: the trust policy of a role. */
  readonly resourcePolicy?: { readonly policy: CompiledPolicy; readonly account: string } | undefined;
  /** All keys of the operation. */
  readonly keys?: readonly KeyEntry[] | undefined;
  readonly resource: string;
  /** The caller's own reference to the key; undefined when a ciphertext named it. */
  readonly reference?: string | undefined;
  readonly conditions?: (() => OperationConditions) | undefined;
  readonly nowMs: number;
  readonly recipient?: AttestedRecipient | undefined;
  readonly storedConditions?: OperationConditions | undefined;
  /** The key was named by a ciphertext only: the refusal must not disclose that it exists. */
  readonly hideKey?: boolean;
  /** Where what allowed it is written down, for the audit record. A refusal is the cause of its error. */
  readonly decisions?: DecisionRecord[] | undefined;
}

/** What policies, and what else was looked at, say to a question. */
export interface Verdict {
  /** The question as the policies saw it. */
  readonly policyRequest: PolicyRequest;
  readonly input: AuthorizationInput;
  readonly decision: AuthorizationDecision;
}

/** @throws ServiceError AccessDenied unless the policies allow it */
export function authorize(question: AuthorizationQuestion): void {
  const verdict = judge(question);
  if (!verdict.decision.allowed) throw denial(question, verdict);
  noteAllowed(question, verdict);
}

/**
 * Asks the policies.
 *
 * @param more what a grant says, or a key policy to ask instead of the key's own
 */
export function judge(
  question: AuthorizationQuestion,
  more: Pick<AuthorizationInput, "grantAllows" | "keyPolicy"> = {},
): Verdict {
  const { request, key, resourcePolicy, action, resource } = question;
  const { principal } = request;
  const policyRequest: PolicyRequest = {
    action,
    resource,
    principal: policyPrincipal(principal),
    context: new RequestConditions(question),
  };
  const input: AuthorizationInput = {
    request: policyRequest,
    ...callersPolicies(principal),
    ...(key === undefined ? {} : { keyPolicy: key.policy, keyAccount: key.record.account }),
    ...(resourcePolicy === undefined ? {} : { keyPolicy: resourcePolicy.policy, keyAccount: resourcePolicy.account }),
    ...more,
  };
  return { policyRequest, input, decision: decide(input) };
}

/** Writes down what allowed a question. @param grantId of the grant, when it was one */
export function noteAllowed(
  { decisions }: AuthorizationQuestion,
  { input, decision }: Verdict,
  grantId?: string,
): void {
  if (decisions === undefined) return;
  const record = recordDecision(input, decision);
  decisions.push(grantId === undefined ? record : { ...record, by: { source: "grant", grantId } });
}

/**
 * The refusal of a question that was not answered with yes.
 *
 * @param grant one that nearly allowed it
 */
export function denial(
  question: AuthorizationQuestion,
  { policyRequest, input, decision }: Verdict,
  grant?: GrantRefusal,
): ServiceError {
  const record = recordDecision(input, decision);
  const cause = new PolicyDenial(grant === undefined ? record : { ...record, grant });
  return ServiceError.of("AccessDenied", describeDenial(question, policyRequest, decision), cause);
}

type Denial = ErrorParams["AccessDenied"];
type DenyingSide = NonNullable<Denial["source"]>;

const sidesByPolicy = {
  "key-policy": "resource",
  grant: "resource",
  "identity-policy": "identity",
  "session-policy": "session",
  boundary: "boundary",
} as const satisfies Record<string, DenyingSide>;

/** What a refused caller is told. A key of another account is not told apart from a missing one. */
function describeDenial(
  { request, action, key, resource, reference, hideKey }: AuthorizationQuestion,
  policyRequest: PolicyRequest,
  decision: AuthorizationDecision,
): Denial {
  const { arn: principalArn, account } = request.principal;
  const implicit = hideKey === true ? "ciphertextKey" : "implicitDeny";
  if (key !== undefined && key.record.account !== account) {
    const shown = hideKey === true ? "*" : (reference ?? resource);
    return { principalArn, action, resource: shown, basis: implicit, source: "foreign" };
  }
  const basis = decision.reason === "explicit-deny" ? "explicitDeny" : implicit;
  return { principalArn, action, resource, basis, source: denyingSide(decision, policyRequest, key) };
}

/** Which side of the caller's own account it has to look at. */
function denyingSide(decision: AuthorizationDecision, request: PolicyRequest, key: KeyEntry | undefined): DenyingSide {
  if (decision.by !== undefined) return sidesByPolicy[decision.by.source];
  if (decision.reason === "session-implicit-deny") return "session";
  if (decision.reason === "boundary-implicit-deny") return "boundary";
  if (key === undefined) return "identity";
  return evaluatePolicy(key.policy, request).allowsAccount ? "identity" : "resource";
}
