import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { PolicyVersionRecord } from "../../model/principal.ts";
import type { RequestContext } from "../../model/request.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { parseIdentityPolicy } from "../policies/documents.ts";
import { awsPolicyVersion, changePolicy, deleteVersion, insertVersion } from "./managed-policies.ts";
import { findOwnPolicy } from "./policy-use.ts";
import { adminEventSource } from "./principals.ts";

/** A version with whether it is the one that applies. */
export interface ShownVersion {
  readonly version: PolicyVersionRecord;
  readonly isDefault: boolean;
}

export interface PolicyVersionInput {
  readonly policyArn: string;
  readonly version: number;
}

function missingVersion({ policyArn, version }: PolicyVersionInput): ServiceError {
  const reason = `Policy ${policyArn} version v${version} does not exist or is not attachable.`;
  return ServiceError.of("NotFound", { resource: "policy", id: policyArn, reason });
}

async function findVersion(core: Core, input: PolicyVersionInput, request: RequestContext): Promise<ShownVersion> {
  const ofAws = awsPolicyVersion(input.policyArn);
  if (ofAws !== undefined) {
    if (ofAws.version !== input.version) throw missingVersion(input);
    return { version: ofAws, isDefault: true };
  }
  const policy = await findOwnPolicy(core, input.policyArn, request);
  const { policyArn, version } = input;
  const found = await core.store.get("policyVersions", { policyArn, version });
  if (found === undefined) throw missingVersion(input);
  return { version: found, isDefault: policy.defaultVersion === version };
}

export interface CreatePolicyVersionInput {
  readonly policyArn: string;
  readonly document: string;
  readonly setAsDefault: boolean;
}

/** IAM: CreatePolicyVersion. As the default one it holds for the very next request of everybody who has the policy. */
export const createPolicyVersion = defineOperation<CreatePolicyVersionInput, ShownVersion>({
  name: "CreatePolicyVersion",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ policyArn }) => [{ action: "iam:CreatePolicyVersion", resource: policyArn }],
  record: ({ policyArn, document, setAsDefault }) => ({ policyArn, policyDocument: document, setAsDefault }),
  recordOutput: ({ version }) => ({ versionId: `v${version.version}` }),
  async run({ core, input, request, nowMs }) {
    const { policyArn, document, setAsDefault } = input;
    parseIdentityPolicy(document);
    const policy = await findOwnPolicy(core, policyArn, request);
    const { name: limit, value: max } = limits.policyVersions;
    if ((await core.store.listPolicyVersions(policyArn, 0, max)).length >= max) {
      throw ServiceError.of("LimitExceeded", {
        limit,
        max,
        reason: `A managed policy can have up to ${max} versions. Before you create a new version, you must delete an existing version.`,
      });
    }
    const version = policy.newestVersion + 1;
    await core.commit([
      changePolicy(policy, {
        newestVersion: version,
        updatedAtMs: nowMs,
        ...(setAsDefault ? { defaultVersion: version } : {}),
      }),
      insertVersion(policy, version, document, nowMs),
    ]);
    return { version: { policyArn, version, document, createdAtMs: nowMs, revision: 1 }, isDefault: setAsDefault };
  },
});

/** IAM: GetPolicyVersion. */
export const getPolicyVersion = defineOperation<PolicyVersionInput, ShownVersion>({
  name: "GetPolicyVersion",
  plane: "control",
  readOnly: true,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ policyArn }) => [{ action: "iam:GetPolicyVersion", resource: policyArn }],
  record: ({ policyArn, version }) => ({ policyArn, versionId: `v${version}` }),
  run: ({ core, input, request }) => findVersion(core, input, request),
});

/** IAM: ListPolicyVersions, newest first. There are few. */
export const listPolicyVersions = defineOperation<
  { readonly policyArn: string },
  { readonly versions: readonly ShownVersion[] }
>({
  name: "ListPolicyVersions",
  plane: "control",
  readOnly: true,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ policyArn }) => [{ action: "iam:ListPolicyVersions", resource: policyArn }],
  record: ({ policyArn }) => ({ policyArn }),
  async run({ core, input, request }) {
    const ofAws = awsPolicyVersion(input.policyArn);
    if (ofAws !== undefined) return { versions: [{ version: ofAws, isDefault: true }] };
    const policy = await findOwnPolicy(core, input.policyArn, request);
    const rows = await core.store.listPolicyVersions(policy.arn, 0, limits.policyVersions.value);
    const versions = rows.map((version) => ({ version, isDefault: version.version === policy.defaultVersion }));
    return { versions: versions.reverse() };
  },
});

/** IAM: SetDefaultPolicyVersion. */
export const setDefaultPolicyVersion = defineOperation<PolicyVersionInput, null>({
  name: "SetDefaultPolicyVersion",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ policyArn }) => [{ action: "iam:SetDefaultPolicyVersion", resource: policyArn }],
  record: ({ policyArn, version }) => ({ policyArn, versionId: `v${version}` }),
  async run({ core, input, request, nowMs }) {
    const policy = await findOwnPolicy(core, input.policyArn, request);
    await findVersion(core, input, request);
    await core.commit([changePolicy(policy, { defaultVersion: input.version, updatedAtMs: nowMs })]);
    return null;
  },
});

/** IAM: DeletePolicyVersion. The default one goes with the policy alone. */
export const deletePolicyVersion = defineOperation<PolicyVersionInput, null>({
  name: "DeletePolicyVersion",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ policyArn }) => [{ action: "iam:DeletePolicyVersion", resource: policyArn }],
  record: ({ policyArn, version }) => ({ policyArn, versionId: `v${version}` }),
  async run({ core, input, request, nowMs }) {
    const policy = await findOwnPolicy(core, input.policyArn, request);
    const { isDefault } = await findVersion(core, input, request);
    if (isDefault) {
      throw ServiceError.of("DeleteConflict", { reason: "Cannot delete the default version of a policy." });
    }
    await core.commit([changePolicy(policy, { updatedAtMs: nowMs }), deleteVersion(input.policyArn, input.version)]);
    return null;
  },
});
