import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { IdentityPolicyRecord } from "../../model/principal.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { parseIdentityPolicy } from "../policies/documents.ts";
import { adminEventSource } from "./principals.ts";

export interface IdentityPolicyInput {
  readonly principalArn: string;
  readonly name: string;
}

export interface PutIdentityPolicyInput extends IdentityPolicyInput {
  readonly document: string;
}

function refuseSize(): never {
  throw ServiceError.of("LimitExceeded", {
    limit: limits.identityPolicyBytes.name,
    max: limits.identityPolicyBytes.value,
    reason: `An identity policy has at most ${limits.identityPolicyBytes.value} bytes.`,
  });
}

/** IAM: PutUserPolicy and PutRolePolicy. Holds for the very next request. */
export const putIdentityPolicy = defineOperation<PutIdentityPolicyInput, null>({
  name: "PutIdentityPolicy",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: "iam:PutUserPolicy", resource: principalArn }],
  record: ({ principalArn, name, document }) => ({ principalArn, name, document }),
  async run({ core, input, request }) {
    if (Buffer.byteLength(input.document) > limits.identityPolicyBytes.value) refuseSize();
    parseIdentityPolicy(input.document);
    const { principalArn, name, document } = input;
    const principal = await core.store.get("principals", { arn: principalArn });
    if (principal === undefined || principal.account !== request.principal.account) {
      throw ServiceError.of("NotFound", { resource: "principal", id: principalArn });
    }
    const stored = await core.store.get("identityPolicies", { principalArn, name });
    if (stored !== undefined) {
      const row = { ...stored, document, revision: stored.revision + 1 };
      await core.commit([{ op: "update", table: "identityPolicies", row }]);
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
  resources: ({ principalArn }) => [{ action: "iam:DeleteUserPolicy", resource: principalArn }],
  record: ({ principalArn, name }) => ({ principalArn, name }),
  async run({ core, input }) {
    const { principalArn, name } = input;
    const stored = await core.store.get("identityPolicies", { principalArn, name });
    if (stored === undefined) throw ServiceError.of("NotFound", { resource: "policy", id: name });
    const { revision } = stored;
    await core.commit([{ op: "delete", table: "identityPolicies", key: { principalArn, name }, revision }]);
    return null;
  },
});

/** IAM: ListUserPolicies, with the documents. */
export const listIdentityPolicies = defineOperation<
  { readonly principalArn: string },
  { readonly policies: readonly IdentityPolicyRecord[] }
>({
  name: "ListIdentityPolicies",
  plane: "control",
  readOnly: true,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: "iam:ListUserPolicies", resource: principalArn }],
  record: ({ principalArn }) => ({ principalArn }),
  async run({ core, input }) {
    const max = limits.identityPolicies.value;
    return { policies: await core.store.listIdentityPolicies(input.principalArn, undefined, max) };
  },
});
