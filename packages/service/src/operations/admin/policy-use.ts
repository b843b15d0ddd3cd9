import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { awsManagedPolicies } from "../../identity/aws-policies.ts";
import type { ManagedPolicyRecord } from "../../model/principal.ts";
import type { RequestContext } from "../../model/request.ts";
import type { Write } from "../../ports/store.ts";

/** How many more users and roles a policy is attached to, and bounds. */
interface Change {
  attachments: number;
  boundaryUses: number;
}

/**
 * Counts what uses managed policies, so that none is deleted that is in use: the counts are in the policy's row, and its
 * revision keeps two changes at once apart.
 */
export class PolicyUse {
  readonly #changes = new Map<string, Change>();

  add(policyArn: string, use: keyof Change, by: 1 | -1): this {
    const change = this.#changes.get(policyArn) ?? { attachments: 0, boundaryUses: 0 };
    change[use] += by;
    this.#changes.set(policyArn, change);
    return this;
  }

  /** @throws ServiceError NotFound when a policy is not there */
  async writes(core: Core, request: RequestContext): Promise<Write[]> {
    const writes: Write[] = [];
    for (const [arn, { attachments, boundaryUses }] of this.#changes) {
      if (awsManagedPolicies.has(arn) || (attachments === 0 && boundaryUses === 0)) continue;
      const policy = await findOwnPolicy(core, arn, request, "does not exist or is not attachable.");
      const row = {
        ...policy,
        attachments: policy.attachments + attachments,
        boundaryUses: policy.boundaryUses + boundaryUses,
        revision: policy.revision + 1,
      };
      writes.push({ op: "update", table: "managedPolicies", row });
    }
    return writes;
  }
}

/** @throws ServiceError NotFound unless `arn` is a managed policy of the caller's account */
export async function findOwnPolicy(
  core: Core,
  arn: string,
  request: RequestContext,
  what = "was not found.",
): Promise<ManagedPolicyRecord> {
  const policy = await core.store.get("managedPolicies", { arn });
  if (policy?.account === request.principal.account) return policy;
  throw ServiceError.of("NotFound", { resource: "policy", id: arn, reason: `Policy ${arn} ${what}` });
}
