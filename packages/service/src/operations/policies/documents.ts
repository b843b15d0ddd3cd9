import { authorize as decide, parsePolicy } from "@coffer/policy";
import { ServiceError } from "../../errors.ts";
import type { RequestContext } from "../../model/request.ts";
import { RequestConditions } from "../../pipeline/conditions.ts";

/** The key that a policy is for, and who puts it. */
export interface KeyPolicySubject {
  readonly request: RequestContext;
  readonly keyArn: string;
  readonly account: string;
  readonly nowMs: number;
  readonly skipLockoutCheck: boolean;
}

/**
 * Checks a key policy that a caller wants to put (AWS KMS: PutKeyPolicy, policy lockout safety check).
 *
 * @throws ServiceError PolicyMalformed, with the statement and the reason
 */
export function parseKeyPolicy(document: string, subject: KeyPolicySubject): void {
  const parsed = parsePolicy(document, "key");
  if (!parsed.ok) {
    const { statement, sid, path, reason } = parsed.problem;
    const where = statement === undefined ? path : `Statement ${sid ?? statement}${path === "" ? "" : ` (${path})`}`;
    throw ServiceError.of("PolicyMalformed", {
      reason: where === "" ? reason : `${where}: ${reason}`,
      ...(statement === undefined ? {} : { statement }),
    });
  }
  if (subject.skipLockoutCheck) return;
  const { request, keyArn, nowMs } = subject;
  const { principal } = request;
  const decision = decide({
    request: {
      action: "kms:PutKeyPolicy",
      resource: keyArn,
      principal: {
        arn: principal.arn,
        account: principal.account,
        kind: principal.kind,
        userId: principal.principalId,
      },
      context: new RequestConditions({ request, key: undefined, nowMs, reference: keyArn }, undefined),
    },
    identityPolicies: principal.identityPolicies,
    keyPolicy: parsed.policy,
    keyAccount: subject.account,
  });
  if (!decision.allowed) {
    throw ServiceError.of("PolicyMalformed", {
      reason: "The new key policy will not allow you to update the key policy in the future.",
    });
  }
}

/** @throws ServiceError PolicyMalformed */
export function parseIdentityPolicy(document: string): void {
  const parsed = parsePolicy(document, "identity");
  if (parsed.ok) return;
  const { path, reason, statement } = parsed.problem;
  throw ServiceError.of("PolicyMalformed", {
    reason: path === "" ? reason : `${path}: ${reason}`,
    ...(statement === undefined ? {} : { statement }),
  });
}
