import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { awsManagedPolicies } from "../../identity/aws-policies.ts";
import { limits } from "../../limits.ts";
import { arnPrefixOfAwsPolicies, iamArn } from "../../model/arn.ts";
import type { IamTag, ManagedPolicyRecord } from "../../model/principal.ts";
import type { RequestContext } from "../../model/request.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { StoreConflict, type Write } from "../../ports/store.ts";
import { pageLimit } from "../checks.ts";
import { cutPage, parseMarker } from "../page.ts";
import { parseIdentityPolicy } from "../policies/documents.ts";
import type { Page, PageInput } from "../shared.ts";
import { conditionsOf, tagConditions } from "../sts/session-input.ts";
import { checkTags, putTags, removeTags } from "./iam-tags.ts";
import { checkName, checkPath, freeName, takeName } from "./names.ts";
import { findOwnPolicy } from "./policy-use.ts";
import { adminEventSource, randomAwsId } from "./principals.ts";

interface PolicyArn {
  readonly policyArn: string;
}

export interface CreateManagedPolicyInput {
  /** 1 to 128 of letters, digits and `+=,.@_-`. */
  readonly name: string;
  readonly path?: string | undefined;
  readonly description?: string | undefined;
  readonly document: string;
  readonly tags?: readonly IamTag[] | undefined;
}

/** IAM: CreatePolicy. */
export const createManagedPolicy = defineOperation<CreateManagedPolicyInput, { readonly policy: ManagedPolicyRecord }>({
  name: "CreatePolicy",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ name, path = "/", tags = [] }, { principal }) => {
    const resource = iamArn(principal.account, "policy", path, name);
    return [
      { action: "iam:CreatePolicy", resource },
      ...(tags.length === 0 ? [] : [{ action: "iam:TagPolicy", resource }]),
    ];
  },
  conditions: ({ tags = [] }) => conditionsOf(tagConditions(tags)),
  record: ({ name, path, description, document, tags }) => ({
    policyName: name,
    path,
    description,
    policyDocument: document,
    tags,
  }),
  recordOutput: ({ policy }) => ({ arn: policy.arn, policyId: policy.policyId }),
  async run({ core, input, request, nowMs }) {
    const { name, path = "/", description = "", tags = [], document } = input;
    checkName(name, "name", limits.identityPolicyNameChars.value);
    checkPath(path);
    checkTags(tags);
    parseIdentityPolicy(document);
    const { account } = request.principal;
    const policy: ManagedPolicyRecord = {
      arn: iamArn(account, "policy", path, name),
      account,
      name,
      path,
      policyId: randomAwsId(core.randomness, "ANPA", 16),
      description,
      tags,
      defaultVersion: 1,
      newestVersion: 1,
      attachments: 0,
      boundaryUses: 0,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      revision: 1,
    };
    try {
      await core.commit([
        takeName(account, "policy", name, policy.arn),
        { op: "insert", table: "managedPolicies", row: policy },
        insertVersion(policy, 1, document, nowMs),
      ]);
    } catch (error) {
      if (!(error instanceof StoreConflict) || error.kind !== "exists") throw error;
      const reason = `A policy called ${name} already exists. Duplicate names are not allowed.`;
      throw ServiceError.of("AlreadyExists", { resource: "policy", id: policy.arn, reason }, error);
    }
    return { policy };
  },
});

/** The write of a new version. */
export function insertVersion({ arn }: ManagedPolicyRecord, version: number, document: string, nowMs: number): Write {
  const row = { policyArn: arn, version, document, createdAtMs: nowMs, revision: 1 };
  return { op: "insert", table: "policyVersions", row };
}

/** A policy of AWS as a record. Its uses are counted up to a page. */
async function awsPolicy(core: Core, arn: string, account: string): Promise<ManagedPolicyRecord | undefined> {
  const policy = awsManagedPolicies.get(arn);
  if (policy === undefined) return undefined;
  const { name, path, policyId, description, version, createdAtMs } = policy;
  const prefix = `arn:aws:iam::${account}:`;
  const attached = await core.store.listPolicyAttachments(arn, prefix, limits.pageItems.value);
  return {
    arn,
    account: "aws",
    name,
    path,
    policyId,
    description,
    tags: [],
    defaultVersion: version,
    newestVersion: version,
    attachments: attached.filter(({ principalArn }) => principalArn.startsWith(prefix)).length,
    boundaryUses: 0,
    createdAtMs,
    updatedAtMs: createdAtMs,
    revision: 1,
  };
}

/** @throws ServiceError NotFound unless it is a policy of the caller's account or of AWS */
async function readPolicy(core: Core, arn: string, request: RequestContext): Promise<ManagedPolicyRecord> {
  return (await awsPolicy(core, arn, request.principal.account)) ?? findOwnPolicy(core, arn, request);
}

/** IAM: GetPolicy and ListPolicyTags. */
export const getManagedPolicy = defineOperation<PolicyArn, { readonly policy: ManagedPolicyRecord }>({
  name: "GetPolicy",
  plane: "control",
  readOnly: true,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ policyArn }) => [{ action: "iam:GetPolicy", resource: policyArn }],
  record: ({ policyArn }) => ({ policyArn }),
  run: async ({ core, input, request }) => ({ policy: await readPolicy(core, input.policyArn, request) }),
});

export interface ListManagedPoliciesInput extends PageInput {
  /** `Local` are those of the account; both when absent. */
  readonly scope?: "AWS" | "Local" | undefined;
  readonly onlyAttached?: boolean | undefined;
  readonly pathPrefix?: string | undefined;
}

const localCursor = "l:";
const awsCursor = "a:";

/** IAM: ListPolicies, the account's own by name, then AWS's. A filtered page may be short of its limit. */
export const listManagedPolicies = defineOperation<ListManagedPoliciesInput, Page<ManagedPolicyRecord>>({
  name: "ListPolicies",
  plane: "control",
  readOnly: true,
  eventSource: adminEventSource,
  keys: [],
  resources: () => [{ action: "iam:ListPolicies", resource: "*" }],
  record: ({ scope, onlyAttached, pathPrefix, limit, marker }) => ({
    scope,
    onlyAttached,
    pathPrefix,
    maxItems: limit,
    marker,
  }),
  async run({ core, input, request }) {
    const { account } = request.principal;
    const { scope, onlyAttached = false, pathPrefix = "/" } = input;
    const limit = pageLimit(input.limit, 100);
    const listing = `ListPolicies/${account}/${scope ?? ""}/${onlyAttached}/${pathPrefix}`;
    const cursor = parseMarker(core, listing, input.marker) ?? localCursor;
    const rows: { readonly arn: string; readonly cursor: string }[] = [];
    if (scope !== "AWS" && cursor.startsWith(localCursor)) {
      const after = cursor === localCursor ? undefined : cursor.slice(localCursor.length);
      const names = await core.store.listIamNames(account, "policy", after, limit + 1);
      rows.push(...names.map(({ arn, name }) => ({ arn, cursor: `${localCursor}${name}` })));
    }
    if (scope !== "Local" && rows.length <= limit) {
      for (const { arn, name } of awsManagedPolicies.values()) {
        const own = `${awsCursor}${name}`;
        if (!cursor.startsWith(awsCursor) || own > cursor) rows.push({ arn, cursor: own });
      }
    }
    const page = cutPage(core, listing, rows.slice(0, limit + 1), limit, (row) => row.cursor);
    const found = await Promise.all(
      page.items.map(
        async ({ arn }) => (await awsPolicy(core, arn, account)) ?? core.store.get("managedPolicies", { arn }),
      ),
    );
    const items = found
      .filter((policy) => policy !== undefined)
      .filter(({ path, attachments }) => path.startsWith(pathPrefix) && (!onlyAttached || attachments > 0));
    return { ...page, items };
  },
});

/** IAM: DeletePolicy. Refused while it is attached, bounds somebody, or has versions besides the default one. */
export const deleteManagedPolicy = defineOperation<PolicyArn, null>({
  name: "DeletePolicy",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ policyArn }) => [{ action: "iam:DeletePolicy", resource: policyArn }],
  record: ({ policyArn }) => ({ policyArn }),
  async run({ core, input, request }) {
    const policy = await findOwnPolicy(core, input.policyArn, request);
    const { arn, account, name, revision } = policy;
    if (policy.attachments > 0 || policy.boundaryUses > 0) {
      throw ServiceError.of("DeleteConflict", { reason: "Cannot delete a policy attached to entities." });
    }
    const versions = await core.store.listPolicyVersions(arn, 0, limits.policyVersions.value + 1);
    if (versions.length > 1) {
      throw ServiceError.of("DeleteConflict", {
        reason:
          "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
      });
    }
    await core.commit([
      ...versions.map(({ version }) => deleteVersion(arn, version)),
      freeName(account, "policy", name),
      { op: "delete", table: "managedPolicies", key: { arn }, revision },
    ]);
    return null;
  },
});

/** The write that takes a version away. */
export function deleteVersion(policyArn: string, version: number): Write {
  return { op: "delete", table: "policyVersions", key: { policyArn, version }, revision: "any" };
}

export interface TagPolicyInput extends PolicyArn {
  readonly tags: readonly IamTag[];
}

/** IAM: TagPolicy. */
export const tagManagedPolicy = defineOperation<TagPolicyInput, null>({
  name: "TagPolicy",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ policyArn }) => [{ action: "iam:TagPolicy", resource: policyArn }],
  conditions: ({ tags }) => conditionsOf(tagConditions(tags)),
  record: ({ policyArn, tags }) => ({ policyArn, tags }),
  async run({ core, input, request }) {
    const policy = await findOwnPolicy(core, input.policyArn, request);
    const row = { ...policy, tags: putTags(policy.tags, input.tags), revision: policy.revision + 1 };
    await core.commit([{ op: "update", table: "managedPolicies", row }]);
    return null;
  },
});

export interface UntagPolicyInput extends PolicyArn {
  readonly tagKeys: readonly string[];
}

/** IAM: UntagPolicy. */
export const untagManagedPolicy = defineOperation<UntagPolicyInput, null>({
  name: "UntagPolicy",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ policyArn }) => [{ action: "iam:UntagPolicy", resource: policyArn }],
  conditions: ({ tagKeys }) => conditionsOf([["aws:tagkeys", tagKeys]]),
  record: ({ policyArn, tagKeys }) => ({ policyArn, tagKeys }),
  async run({ core, input, request }) {
    const policy = await findOwnPolicy(core, input.policyArn, request);
    const row = { ...policy, tags: removeTags(policy.tags, input.tagKeys), revision: policy.revision + 1 };
    await core.commit([{ op: "update", table: "managedPolicies", row }]);
    return null;
  },
});

/** The document of a policy of AWS, as its one version. */
export function awsPolicyVersion(policyArn: string) {
  const policy = policyArn.startsWith(arnPrefixOfAwsPolicies) ? awsManagedPolicies.get(policyArn) : undefined;
  if (policy === undefined) return undefined;
  const { version, document, createdAtMs } = policy;
  return { policyArn, version, document, createdAtMs, revision: 1 };
}

/** The changes that every new, chosen or deleted version makes to its policy. */
export function changePolicy(policy: ManagedPolicyRecord, changes: Partial<ManagedPolicyRecord>): Write {
  return { op: "update", table: "managedPolicies", row: { ...policy, ...changes, revision: policy.revision + 1 } };
}
