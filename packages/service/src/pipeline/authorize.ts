import { type AuthorizationDecision, authorize as decide, evaluatePolicy, type PolicyRequest } from "@coffer/policy";
import { type ErrorParams, ServiceError } from "../errors.ts";
import type { KeyEntry } from "../keys/key-entry.ts";
import type { RequestContext } from "../model/request.ts";
import { RequestConditions } from "./conditions.ts";
import type { OperationConditions } from "./operation.ts";

/** One question to the policies. */
export interface AuthorizationQuestion {
  readonly request: RequestContext;
  readonly action: string;
  /** The key, or undefined when identity policies alone decide. */
  readonly key: KeyEntry | undefined;
  readonly resource: string;
  /** The caller's own reference to the key. */
  readonly reference?: string | undefined;
  readonly conditions?: OperationConditions | undefined;
  readonly nowMs: number;
  /** The key was named by a ciphertext only: the refusal must not disclose that it exists. */
  readonly hideKey?: boolean;
}

/** @throws ServiceError AccessDenied unless the policies allow it */
export function authorize(question: AuthorizationQuestion): void {
  const { request, key, action, resource, nowMs } = question;
  const { principal } = request;
  const policyRequest: PolicyRequest = {
    action,
    resource,
    principal: {
      arn: principal.arn,
      account: principal.account,
      kind: principal.kind,
      userId: principal.principalId,
    },
    context: new RequestConditions({ request, key, nowMs, reference: question.reference }, question.conditions),
  };
  const decision = decide({
    request: policyRequest,
    identityPolicies: principal.identityPolicies,
    ...(key === undefined ? {} : { keyPolicy: key.policy, keyAccount: key.record.account }),
  });
  if (decision.allowed) return;
  const implicit = question.hideKey === true ? "ciphertextKey" : "implicitDeny";
  throw ServiceError.of("AccessDenied", {
    principalArn: principal.arn,
    action,
    resource,
    basis: decision.reason === "explicit-deny" ? "explicitDeny" : implicit,
    source: denyingSide(decision, policyRequest, key),
  });
}

type DenyingSide = NonNullable<ErrorParams["AccessDenied"]["source"]>;

const sidesByPolicy = {
  "key-policy": "resource",
  grant: "resource",
  "identity-policy": "identity",
  "session-policy": "session",
  boundary: "boundary",
} as const satisfies Record<string, DenyingSide>;

/** Which side a refused caller has to look at. A key of another account is not told apart from a missing one. */
function denyingSide(decision: AuthorizationDecision, request: PolicyRequest, key: KeyEntry | undefined): DenyingSide {
  if (key !== undefined && key.record.account !== request.principal.account) return "foreign";
  if (decision.by !== undefined) return sidesByPolicy[decision.by.source];
  if (decision.reason === "session-implicit-deny") return "session";
  if (decision.reason === "boundary-implicit-deny") return "boundary";
  if (key === undefined) return "identity";
  return evaluatePolicy(key.policy, request).allowsAccount ? "identity" : "resource";
}
