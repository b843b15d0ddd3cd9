import { type AuthorizationInput, type AuthorizationReason, evaluatePolicy } from "@coffer/policy";
import type { Core } from "../../core.ts";
import type { GrantUse } from "../../grants/constraints.ts";
import { grantOperationOf } from "../../grants/grant-operations.ts";
import type { GrantRefusal } from "../../grants/grant-set.ts";
import { namesOf } from "../../grants/principal-names.ts";
import type { KeyEntry } from "../../keys/key-entry.ts";
import type { SimulatedCaller } from "./simulated-caller.ts";

/** What the grants of a key say to an imagined request that its policies leave open. */
export interface SimulatedGrants {
  /** The grant that allows it. */
  readonly grantId?: string;
  /** One that would but for one thing. */
  readonly missed?: GrantRefusal;
}

const openReasons: ReadonlySet<AuthorizationReason> = new Set(["implicit-deny", "identity-implicit-deny"]);

/** Asks the grants of a key as a request does, for what policies neither allowed nor denied. */
export async function askSimulatedGrants(
  core: Core,
  key: KeyEntry,
  { principal, policyPrincipal }: SimulatedCaller,
  { request, identityPolicies }: AuthorizationInput,
  reason: AuthorizationReason,
  encryptionContext: Readonly<Record<string, string>> | undefined,
): Promise<SimulatedGrants> {
  const operation = grantOperationOf(request.action);
  if (operation === undefined || !openReasons.has(reason)) return {};
  const use: GrantUse = {
    operation,
    context: operation.hasContext ? encryptionContext : undefined,
    sourceArn: request.context.get("aws:sourcearn")?.[0],
  };
  const { arn, roleArn, userId = "" } = policyPrincipal;
  const { region, keyId } = key.record;
  let missed: GrantRefusal | undefined;
  for (const { name, throughAccount } of namesOf({
    ...principal,
    arn,
    ...(roleArn === undefined ? {} : { roleArn }),
  })) {
    const set = await core.grants.find(region, keyId, name);
    const grantId = set.find(use, userId);
    const isAllowed = !throughAccount || identityPolicies.some((policy) => evaluatePolicy(policy, request).allows);
    if (grantId !== undefined && isAllowed) return { grantId };
    missed ??= set.explain(use, userId);
  }
  return missed === undefined ? {} : { missed };
}
