import { type CompiledPolicy, authorize as decide, type PolicyKind, parsePolicy } from "@coffer/policy";
import type { Core } from "../../core.ts";
import { invariant, ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { keyArn } from "../../model/arn.ts";
import type { KeyRecord } from "../../model/key.ts";
import type { PrincipalRecord } from "../../model/principal.ts";
import type { RequestContext } from "../../model/request.ts";
import { RequestConditions } from "../../pipeline/conditions.ts";
import { callersPolicies, policyPrincipal } from "../../pipeline/policy-principal.ts";
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
      principal: policyPrincipal(principal),
      context: new RequestConditions(source),
    },
    ...callersPolicies(principal),
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
  parseDocument(document, "identity");
}

/**
 * Checks the trust policy that a role is to have.
 *
 * @param account the role's account
 * @throws ServiceError LimitExceeded; PolicyMalformed, also for users and roles that do not exist
 */
export async function readTrustPolicy(
  core: Core,
  document: string,
  account: string,
): Promise<Required<Pick<PrincipalRecord, "trustPolicy" | "trustPrincipals">>> {
  const { name, value } = limits.trustPolicyChars;
  if (document.replace(/\s+/g, "").length > value) {
    const reason = `Cannot exceed quota for ACLSizePerRole: ${value}`;
    throw ServiceError.of("LimitExceeded", { limit: name, max: value, reason });
  }
  const policy = parseDocument(document, "trust");
  return { trustPolicy: document, trustPrincipals: await findPrincipalIds(core, policy, account) };
}

/** The trust policy of a role, to be evaluated. A user or role made anew under a name that it trusts is another one. */
export function compileTrustPolicy({ trustPolicy, trustPrincipals = {} }: PrincipalRecord): CompiledPolicy {
  const parsed = parsePolicy(trustPolicy ?? "", "trust", trustPrincipals);
  invariant(parsed.ok, "a stored trust policy parses");
  return parsed.policy;
}

/** @throws ServiceError PolicyMalformed */
export function parseDocument(document: string, kind: PolicyKind): CompiledPolicy {
  const parsed = parsePolicy(document, kind);
  if (parsed.ok) return parsed.policy;
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
