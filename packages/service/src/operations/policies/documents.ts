import { authorize as decide, parsePolicy } from "@coffer/policy";
import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { keyArn } from "../../model/arn.ts";
import type { KeyRecord } from "../../model/key.ts";
import type { RequestContext } from "../../model/request.ts";
import { RequestConditions } from "../../pipeline/conditions.ts";
import { findPrincipalIds } from "./policy-principals.ts";

/** The key that a policy is for, and who puts it. */
export interface KeyPolicySubject {
  readonly request: RequestContext;
  readonly key: KeyRecord;
  readonly aliases: readonly string[];
  readonly nowMs: number;
  readonly skipLockoutCheck: boolean;
}

const putAction = "kms:PutKeyPolicy";

/**
 * Checks a key policy that a caller wants to put (AWS KMS: PutKeyPolicy, policy lockout safety check), and finds whom it
 * names: the users and roles that are there now, not later ones of the same names.
 *
 * @returns the members of the key's record that hold it
 * @throws ServiceError LimitExceeded; PolicyMalformed, with the statement and the reason
 */
export async function bindKeyPolicy(
  core: Core,
  document: string,
  subject: KeyPolicySubject,
): Promise<Required<Pick<KeyRecord, "policy" | "policyPrincipals">>> {
  checkBytes(document, limits.policyBytes.name, limits.policyBytes.value);
  const parsed = parsePolicy(document, "key");
  if (!parsed.ok) {
    const { statement, sid, path, reason } = parsed.problem;
    const where = statement === undefined ? path : `Statement ${sid ?? statement}${path === "" ? "" : ` (${path})`}`;
    throw ServiceError.of("PolicyMalformed", {
      reason: where === "" ? reason : `${where}: ${reason}`,
      ...(statement === undefined ? {} : { statement }),
    });
  }
  const { request, key, aliases, nowMs } = subject;
  const policyPrincipals = await findPrincipalIds(core, parsed.policy, key.account);
  const bound = { policy: document, policyPrincipals };
  if (subject.skipLockoutCheck) return bound;
  const { principal } = request;
  const arn = keyArn(key.region, key.account, key.keyId);
  const conditions = () => new Map([["kms:bypasspolicylockoutsafetycheck", ["false"]]]);
  const source = { request, action: putAction, key: { record: key, aliases }, nowMs, reference: arn, conditions };
  const decision = decide({
    request: {
      action: putAction,
      resource: arn,
      principal: {
        arn: principal.arn,
        account: principal.account,
        kind: principal.kind,
        userId: principal.principalId,
      },
      context: new RequestConditions(source),
    },
    identityPolicies: principal.identityPolicies,
    keyPolicy: parsed.policy,
    keyAccount: key.account,
  });
  if (!decision.allowed) {
    throw ServiceError.of("PolicyMalformed", {
      reason: "The new key policy will not allow you to update the key policy in the future.",
    });
  }
  return bound;
}

/** @throws ServiceError LimitExceeded, PolicyMalformed */
export function parseIdentityPolicy(document: string): void {
  checkBytes(document, limits.identityPolicyBytes.name, limits.identityPolicyBytes.value);
  const parsed = parsePolicy(document, "identity");
  if (parsed.ok) return;
  const { path, reason, statement } = parsed.problem;
  throw ServiceError.of("PolicyMalformed", {
    reason: path === "" ? reason : `${path}: ${reason}`,
    ...(statement === undefined ? {} : { statement }),
  });
}

function checkBytes(document: string, limit: string, max: number): void {
  if (Buffer.byteLength(document) <= max) return;
  throw ServiceError.of("LimitExceeded", { limit, max, reason: `A policy of this kind has at most ${max} bytes.` });
}
