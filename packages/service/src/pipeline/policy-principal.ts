import type { AuthorizationInput, PolicyPrincipal } from "@coffer/policy";
import type { Principal } from "../model/principal.ts";

/** The caller as the policies see it. */
export function policyPrincipal(principal: Principal): PolicyPrincipal {
  const { arn, account, kind, principalId: userId, roleArn } = principal;
  return {
    arn,
    account,
    // The holder of a Vault token is to key policies what a user is.
    kind: kind === "vault" ? "user" : kind,
    userId,
    ...(roleArn === undefined ? {} : { roleArn }),
    ...(kind === "federated" ? { federatedProvider: arn } : {}),
  };
}

/** Every policy that hangs on the caller. */
export function callersPolicies(
  principal: Principal,
): Pick<AuthorizationInput, "identityPolicies" | "sessionPolicies" | "boundary"> {
  const { identityPolicies, sessionPolicies, boundary } = principal;
  return {
    identityPolicies,
    ...(sessionPolicies === undefined ? {} : { sessionPolicies }),
    ...(boundary === undefined ? {} : { boundary }),
  };
}
