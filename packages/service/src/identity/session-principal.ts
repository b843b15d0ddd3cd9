import type { CompiledPolicy } from "@coffer/policy";
import { assumedRoleArn } from "../model/arn.ts";
import type { IamTag, Principal, PrincipalSession } from "../model/principal.ts";
import type { SessionFacts } from "./session-token.ts";

/**
 * Who a session is, given its user, role or root as it is now.
 *
 * @returns undefined when that was deleted and made anew
 */
export function sessionPrincipal(
  base: Principal,
  facts: SessionFacts,
  sessionPolicies: readonly CompiledPolicy[] | undefined,
): Principal | undefined {
  if (base.principalId !== facts.principalId) return undefined;
  const { accessKeyId, account, name = "" } = facts;
  const session = sessionOf(facts);
  if (facts.origin === "getSessionToken") return { ...base, accessKeyId, session };
  const tags = mergeTags(base.tags ?? [], facts.tags);
  return {
    ...base,
    arn: assumedRoleArn(account, base.name, name),
    kind: "assumed-role",
    principalId: `${base.principalId}:${name}`,
    roleArn: base.arn,
    accessKeyId,
    session,
    ...(sessionPolicies === undefined ? {} : { sessionPolicies }),
    ...(tags.length === 0 ? {} : { tags }),
  };
}

function sessionOf(facts: SessionFacts): PrincipalSession {
  const { origin, issuedAtMs, expiresAtMs, name, sourceIdentity, federatedProvider, transitiveTagKeys } = facts;
  return {
    origin,
    issuedAtMs,
    expiresAtMs,
    transitiveTagKeys,
    ...(name === undefined ? {} : { name }),
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    ...(federatedProvider === undefined ? {} : { federatedProvider }),
  };
}

/** Tags of which the later ones hide earlier ones of the same key; keys are compared without regard to case. */
export function mergeTags(earlier: readonly IamTag[], later: readonly IamTag[]): readonly IamTag[] {
  const hidden = new Set(later.map(({ key }) => key.toLowerCase()));
  return [...earlier.filter(({ key }) => !hidden.has(key.toLowerCase())), ...later];
}
