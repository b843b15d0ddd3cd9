import { type AuthorizationReason, evaluatePolicy } from "@coffer/policy";
import type { Core } from "../core.ts";
import { contextOfConditions, type Delegation, type GrantUse } from "../grants/constraints.ts";
import { type GrantOperationRow, grantOperationOf } from "../grants/grant-operations.ts";
import type { GrantSet } from "../grants/grant-set.ts";
import { namesOf } from "../grants/principal-names.ts";
import type { KeyEntry } from "../keys/key-entry.ts";
import { type AuthorizationQuestion, denial, judge, noteAllowed, type Verdict } from "./authorize.ts";

/** A question about one key, which grants may answer where policies do not. */
export interface KeyQuestion extends AuthorizationQuestion {
  readonly key: KeyEntry;
  /** For CreateGrant: what is to be given on. */
  readonly delegation?: (() => Delegation) | undefined;
}

/** What policies leave open, and a grant may allow: everything else they refuse for good. */
const openReasons: ReadonlySet<AuthorizationReason> = new Set(["implicit-deny", "identity-implicit-deny"]);

/**
 * Asks the policies and, where they say neither yes nor no, the key's grants; synchronous unless grants have to be read.
 * Grants can allow and never deny, and no grant comes before a Deny, a permissions boundary or a session policy (AWS KMS
 * developer guide: grants; IAM user guide: policy evaluation logic).
 *
 * @param grants takes the id of the grant that allowed it
 * @throws ServiceError AccessDenied
 */
export function authorizeKey(core: Core, question: KeyQuestion, grants: string[]): void | Promise<void> {
  const verdict = judge(question);
  if (verdict.decision.allowed) {
    noteAllowed(question, verdict);
    return undefined;
  }
  const operation = grantOperationOf(question.action);
  if (operation === undefined || !openReasons.has(verdict.decision.reason)) throw denial(question, verdict);
  const sets = setsOf(core, question);
  return sets instanceof Promise
    ? sets.then((read) => askGrants(question, operation, verdict, read, grants))
    : askGrants(question, operation, verdict, sets, grants);
}

/** Grants to one of the caller's names. */
interface NamedGrants {
  readonly set: GrantSet;
  readonly throughAccount: boolean;
}

function setsOf(core: Core, { key, request }: KeyQuestion): readonly NamedGrants[] | Promise<readonly NamedGrants[]> {
  const { region, keyId } = key.record;
  const names = namesOf(request.principal);
  const sets: NamedGrants[] = [];
  for (const { name, throughAccount } of names) {
    const set = core.grants.cached(region, keyId, name);
    if (set !== undefined) sets.push({ set, throughAccount });
  }
  if (sets.length === names.length) return sets;
  return Promise.all(
    names.map(async ({ name, throughAccount }) => ({
      set: await core.grants.find(region, keyId, name),
      throughAccount,
    })),
  );
}

function askGrants(
  question: KeyQuestion,
  operation: GrantOperationRow,
  verdict: Verdict,
  sets: readonly NamedGrants[],
  grants: string[],
): void {
  const { principal } = question.request;
  const use = useOf(question, operation, verdict);
  for (const { set, throughAccount } of sets) {
    const grantId = set.find(use, principal.principalId);
    if (grantId === undefined || (throughAccount && !identityAllows(question, verdict))) continue;
    const judged = judge(question, { grantAllows: true });
    if (!judged.decision.allowed) throw denial(question, judged);
    grants.push(grantId);
    noteAllowed(question, judged, grantId);
    return;
  }
  const missed = sets.map(({ set }) => set.explain(use, principal.principalId)).find((grant) => grant !== undefined);
  throw denial(question, verdict, missed);
}

function useOf(question: KeyQuestion, operation: GrantOperationRow, { policyRequest }: Verdict): GrantUse {
  return {
    operation,
    context: operation.hasContext ? contextOfConditions(question.conditions?.()) : undefined,
    sourceArn: policyRequest.context.get("aws:sourcearn")?.[0],
    delegation: question.delegation?.(),
  };
}

/** Whether the caller's own account allows it: what an account was granted, its administrators hand on by policies. */
function identityAllows({ request }: KeyQuestion, { policyRequest }: Verdict): boolean {
  return request.principal.identityPolicies.some(
    (policy) => evaluatePolicy(policy, policyRequest).allows !== undefined,
  );
}
