import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { IdentityPolicyRecord } from "../../model/principal.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { parseIdentityPolicy } from "../policies/documents.ts";
import { checkName } from "./names.ts";
import { findOwnPrincipal, principalChanged } from "./own-principal.ts";
import { actionOn, adminEventSource, kindOfArn } from "./principals.ts";

export interface IdentityPolicyInput {
  /** A user or role of the caller's account. The account root has no identity policies. */
  readonly principalArn: string;
  /** 1 to 128 of letters, digits and `+=,.@_-` (IAM: PutUserPolicy). */
  readonly policyName: string;
}

export interface PutIdentityPolicyInput extends IdentityPolicyInput {
  readonly document: string;
}

function missingPolicy(principalArn: string, name: string): ServiceError {
  const reason = `The ${kindOfArn(principalArn)} policy with name ${name} cannot be found.`;
  return ServiceError.of("NotFound", { resource: "policy", id: name, reason });
}

/** IAM: PutUserPolicy and PutRolePolicy. Holds for the very next request. */
export const putIdentityPolicy = defineOperation<PutIdentityPolicyInput, null>({
  name: "PutIdentityPolicy",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: actionOn(principalArn, "Put", "Policy"), resource: principalArn }],
  record: ({ principalArn, policyName, document }) => ({ principalArn, policyName, policyDocument: document }),
  async run({ core, input, request }) {
    const { principalArn, policyName: name, document } = input;
    checkName(name, "name", limits.identityPolicyNameChars.value);
    parseIdentityPolicy(document);
    await findOwnPrincipal(core, principalArn, request);
    const changed = await principalChanged(core, principalArn, request);
    const stored = await core.store.get("identityPolicies", { principalArn, name });
    if (stored !== undefined) {
      const row = { ...stored, document, revision: stored.revision + 1 };
      await core.commit([...changed, { op: "update", table: "identityPolicies", row }]);
      return null;
    }
    const max = limits.identityPolicies.value;
    if ((await core.store.listIdentityPolicies(principalArn, undefined, max)).length >= max) {
      throw ServiceError.of("LimitExceeded", {
        limit: limits.identityPolicies.name,
        max,
        reason: `A principal has at most ${max} identity policies.`,
      });
    }
    await core.commit([
      ...changed,
      { op: "insert", table: "identityPolicies", row: { principalArn, name, document, revision: 1 } },
    ]);
    return null;
  },
});

/** IAM: DeleteUserPolicy and DeleteRolePolicy. */
export const deleteIdentityPolicy = defineOperation<IdentityPolicyInput, null>({
  name: "DeleteIdentityPolicy",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: actionOn(principalArn, "Delete", "Policy"), resource: principalArn }],
  record: ({ principalArn, policyName }) => ({ principalArn, policyName }),
  async run({ core, input, request }) {
    const { principalArn, policyName: name } = input;
    await findOwnPrincipal(core, principalArn, request);
    const stored = await core.store.get("identityPolicies", { principalArn, name });
    if (stored === undefined) throw missingPolicy(principalArn, name);
    const { revision } = stored;
    await core.commit([{ op: "delete", table: "identityPolicies", key: { principalArn, name }, revision }]);
    return null;
  },
});

/** IAM: GetUserPolicy and GetRolePolicy. */
export const getIdentityPolicy = defineOperation<IdentityPolicyInput, { readonly policy: IdentityPolicyRecord }>({
  name: "GetIdentityPolicy",
  plane: "control",
  readOnly: true,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: actionOn(principalArn, "Get", "Policy"), resource: principalArn }],
  record: ({ principalArn, policyName }) => ({ principalArn, policyName }),
  async run({ core, input, request }) {
    const { principalArn, policyName: name } = input;
    await findOwnPrincipal(core, principalArn, request);
    const policy = await core.store.get("identityPolicies", { principalArn, name });
    if (policy === undefined) throw missingPolicy(principalArn, name);
    return { policy };
  },
});

/** IAM: ListUserPolicies and ListRolePolicies, with the documents. */
export const listIdentityPolicies = defineOperation<
  { readonly principalArn: string },
  { readonly policies: readonly IdentityPolicyRecord[] }
>({
  name: "ListIdentityPolicies",
  plane: "control",
  readOnly: true,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: actionOn(principalArn, "List", "Policies"), resource: principalArn }],
  record: ({ principalArn }) => ({ principalArn }),
  async run({ core, input, request }) {
    await findOwnPrincipal(core, input.principalArn, request);
    const max = limits.identityPolicies.value;
    return { policies: await core.store.listIdentityPolicies(input.principalArn, undefined, max) };
  },
});
