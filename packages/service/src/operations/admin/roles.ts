import { ServiceError } from "../../errors.ts";
import type { PrincipalRecord } from "../../model/principal.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { readTrustPolicy } from "../policies/documents.ts";
import { conditionsOf } from "../sts/session-input.ts";
import { findOwnPrincipal } from "./own-principal.ts";
import { PolicyUse } from "./policy-use.ts";
import { actionOn, adminEventSource } from "./principals.ts";

export interface UpdateRoleInput {
  readonly principalArn: string;
  readonly description?: string | undefined;
  /** 3,600 to 43,200. */
  readonly maxSessionSeconds?: number | undefined;
}

/** IAM: UpdateRole and UpdateRoleDescription. What is absent becomes empty, as with IAM's UpdateRole. */
export const updateRole = defineOperation<UpdateRoleInput, { readonly principal: PrincipalRecord }>({
  name: "UpdateRole",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: "iam:UpdateRole", resource: principalArn }],
  record: ({ principalArn, description, maxSessionSeconds }) => ({ principalArn, description, maxSessionSeconds }),
  async run({ core, input, request }) {
    const stored = await findOwnPrincipal(core, input.principalArn, request);
    const { description = stored.description, maxSessionSeconds = stored.maxSessionSeconds } = input;
    const row: PrincipalRecord = {
      ...stored,
      description,
      ...(maxSessionSeconds === undefined ? {} : { maxSessionSeconds }),
      revision: stored.revision + 1,
    };
    await core.commit([{ op: "update", table: "principals", row }]);
    return { principal: row };
  },
});

export interface PutTrustPolicyInput {
  readonly principalArn: string;
  readonly document: string;
}

/** IAM: UpdateAssumeRolePolicy. Holds for the very next AssumeRole; sessions that there are go on. */
export const putTrustPolicy = defineOperation<PutTrustPolicyInput, null>({
  name: "UpdateAssumeRolePolicy",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: "iam:UpdateAssumeRolePolicy", resource: principalArn }],
  record: ({ principalArn, document }) => ({ principalArn, policyDocument: document }),
  async run({ core, input, request }) {
    const stored = await findOwnPrincipal(core, input.principalArn, request);
    const trust = await readTrustPolicy(core, input.document, stored.account);
    if (stored.kind !== "role") {
      throw ServiceError.of("InvalidInput", { kind: "validation", reason: "Only roles have trust policies." });
    }
    const row = { ...stored, ...trust, revision: stored.revision + 1 };
    await core.commit([{ op: "update", table: "principals", row }]);
    return null;
  },
});

export interface PutBoundaryInput {
  readonly principalArn: string;
  /** A managed policy of the account or of AWS. */
  readonly boundaryArn: string;
}

/** IAM: PutUserPermissionsBoundary and PutRolePermissionsBoundary. Holds for the very next request, of sessions too. */
export const putBoundary = defineOperation<PutBoundaryInput, null>({
  name: "PutPermissionsBoundary",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [
    { action: actionOn(principalArn, "Put", "PermissionsBoundary"), resource: principalArn },
  ],
  conditions: ({ boundaryArn }) => conditionsOf([["iam:permissionsboundary", boundaryArn]]),
  record: ({ principalArn, boundaryArn }) => ({ principalArn, permissionsBoundary: boundaryArn }),
  async run({ core, input, request }) {
    const stored = await findOwnPrincipal(core, input.principalArn, request);
    const use = new PolicyUse().add(input.boundaryArn, "boundaryUses", 1);
    if (stored.boundaryArn !== undefined) use.add(stored.boundaryArn, "boundaryUses", -1);
    const row = { ...stored, boundaryArn: input.boundaryArn, revision: stored.revision + 1 };
    await core.commit([...(await use.writes(core, request)), { op: "update", table: "principals", row }]);
    return null;
  },
});

/** IAM: DeleteUserPermissionsBoundary and DeleteRolePermissionsBoundary. */
export const deleteBoundary = defineOperation<{ readonly principalArn: string }, null>({
  name: "DeletePermissionsBoundary",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [
    { action: actionOn(principalArn, "Delete", "PermissionsBoundary"), resource: principalArn },
  ],
  record: ({ principalArn }) => ({ principalArn }),
  async run({ core, input, request }) {
    const { boundaryArn, ...stored } = await findOwnPrincipal(core, input.principalArn, request);
    if (boundaryArn === undefined) return null;
    const use = new PolicyUse().add(boundaryArn, "boundaryUses", -1);
    const row = { ...stored, revision: stored.revision + 1 };
    await core.commit([...(await use.writes(core, request)), { op: "update", table: "principals", row }]);
    return null;
  },
});
