import type { CompiledPolicy } from "@coffer/policy";
import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import type { KeyRecord } from "../../model/key.ts";

const identityArn = /^arn:aws:iam::(\d{12}):(?:user|role)\//;

/**
 * The unique ids of the users and roles that a key policy names, by ARN. Those of accounts of which this instance knows
 * nobody cannot be looked up, and are taken by their names (AWS KMS: PutKeyPolicy, "Policy").
 *
 * @param account the key's account
 * @throws ServiceError PolicyMalformed for a user or role that does not exist
 */
export async function findPrincipalIds(
  core: Core,
  policy: CompiledPolicy,
  account: string,
): Promise<Readonly<Record<string, string>>> {
  const held = new Map([
    [core.account, true],
    [account, true],
  ]);
  const ids: Record<string, string> = {};
  for (const { index, sid, principal } of policy.statements) {
    for (const arn of principal?.arns ?? []) {
      const owner = identityArn.exec(arn)?.[1];
      if (owner === undefined || ids[arn] !== undefined) continue;
      const stored = await core.store.get("principals", { arn });
      if (stored !== undefined) {
        ids[arn] = stored.principalId;
        continue;
      }
      let isHeld = held.get(owner);
      if (isHeld === undefined) {
        isHeld = (await core.store.listPrincipals(owner, undefined, 1)).length > 0;
        held.set(owner, isHeld);
      }
      if (!isHeld) continue;
      throw ServiceError.of("PolicyMalformed", {
        statement: index,
        reason: `Statement ${sid ?? index}: Policy contains a statement with one or more invalid principals: ${arn} does not exist.`,
      });
    }
  }
  return ids;
}

/**
 * A key policy as it was put, but for users and roles that were deleted since: like AWS, it shows their unique ids instead
 * of ARNs that no longer mean them.
 */
export async function readableKeyPolicy(core: Core, { policy, policyPrincipals = {} }: KeyRecord): Promise<string> {
  const gone = new Map<string, string>();
  for (const [arn, id] of Object.entries(policyPrincipals)) {
    const stored = await core.store.get("principals", { arn });
    if (stored?.principalId !== id) gone.set(arn, id);
  }
  if (gone.size === 0) return policy;
  const document = JSON.parse(policy) as { Statement: object | object[] };
  for (const statement of [document.Statement].flat() as Record<string, unknown>[]) {
    for (const element of ["Principal", "NotPrincipal"]) showIds(statement[element], gone);
  }
  return JSON.stringify(document, null, 2);
}

function showIds(principal: unknown, gone: ReadonlyMap<string, string>): void {
  if (typeof principal !== "object" || principal === null) return;
  const names = principal as { AWS?: string | string[] };
  if (typeof names.AWS === "string") names.AWS = gone.get(names.AWS) ?? names.AWS;
  else if (names.AWS !== undefined) names.AWS = names.AWS.map((name) => gone.get(name) ?? name);
}
