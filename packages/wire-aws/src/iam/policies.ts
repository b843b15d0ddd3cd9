import {
  attachPolicy,
  byName,
  createManagedPolicy,
  createPolicyVersion,
  deleteIdentityPolicy,
  deleteManagedPolicy,
  deletePolicyVersion,
  detachPolicy,
  getIdentityPolicy,
  getManagedPolicy,
  getPolicyVersion,
  listAttachedPolicies,
  listEntitiesForPolicy,
  listIdentityPolicies,
  listManagedPolicies,
  listPolicyVersions,
  putIdentityPolicy,
  type ShownVersion,
  setDefaultPolicyVersion,
  tagManagedPolicy,
  untagManagedPolicy,
} from "@coffer/service";
import { codecsOf, type QueryRow } from "../query/codec.ts";
import type { OperationTypes } from "./generated/types.ts";
import { iamModel } from "./model.ts";
import {
  cutList,
  decodeTags,
  encodeDocument,
  encodeMarker,
  encodePolicy,
  encodeTags,
  seconds,
  versionNumber,
} from "./shapes.ts";

const user = "user" as const;
const role = "role" as const;
const define = codecsOf<OperationTypes>(iamModel);
const nothing = () => undefined;

const putInline = byName(putIdentityPolicy);
const getInline = byName(getIdentityPolicy);
const listInline = byName(listIdentityPolicies);
const deleteInline = byName(deleteIdentityPolicy);
const attach = byName(attachPolicy);
const detach = byName(detachPolicy);
const listAttached = byName(listAttachedPolicies);

const inline: readonly QueryRow[] = [
  define("PutUserPolicy", {
    operation: putInline,
    decode: ({ UserName, PolicyName, PolicyDocument }) => ({
      kind: user,
      name: UserName,
      policyName: PolicyName,
      document: PolicyDocument,
    }),
    encode: nothing,
  }),
  define("PutRolePolicy", {
    operation: putInline,
    decode: ({ RoleName, PolicyName, PolicyDocument }) => ({
      kind: role,
      name: RoleName,
      policyName: PolicyName,
      document: PolicyDocument,
    }),
    encode: nothing,
  }),
  define("GetUserPolicy", {
    operation: getInline,
    decode: ({ UserName, PolicyName }) => ({ kind: user, name: UserName, policyName: PolicyName }),
    encode: ({ policy }, { UserName, PolicyName }) => ({
      UserName,
      PolicyName,
      PolicyDocument: encodeDocument(policy.document),
    }),
  }),
  define("GetRolePolicy", {
    operation: getInline,
    decode: ({ RoleName, PolicyName }) => ({ kind: role, name: RoleName, policyName: PolicyName }),
    encode: ({ policy }, { RoleName, PolicyName }) => ({
      RoleName,
      PolicyName,
      PolicyDocument: encodeDocument(policy.document),
    }),
  }),
  define("ListUserPolicies", {
    operation: listInline,
    decode: ({ UserName }) => ({ kind: user, name: UserName }),
    encode: encodePolicyNames,
  }),
  define("ListRolePolicies", {
    operation: listInline,
    decode: ({ RoleName }) => ({ kind: role, name: RoleName }),
    encode: encodePolicyNames,
  }),
  define("DeleteUserPolicy", {
    operation: deleteInline,
    decode: ({ UserName, PolicyName }) => ({ kind: user, name: UserName, policyName: PolicyName }),
    encode: nothing,
  }),
  define("DeleteRolePolicy", {
    operation: deleteInline,
    decode: ({ RoleName, PolicyName }) => ({ kind: role, name: RoleName, policyName: PolicyName }),
    encode: nothing,
  }),
];

type Paging = Parameters<typeof cutList>[1];

function encodePolicyNames({ policies }: { readonly policies: readonly { readonly name: string }[] }, input: Paging) {
  const page = cutList(policies, input);
  return { PolicyNames: page.items.map(({ name }) => name), ...encodeMarker(page) };
}

function encodeAttached(
  { policies }: { readonly policies: readonly { readonly policyArn: string }[] },
  input: Paging & { readonly PathPrefix?: string | undefined },
) {
  const { PathPrefix = "/" } = input;
  const matching = policies.filter(({ policyArn }) =>
    policyArn.slice(policyArn.indexOf(":policy") + 7).startsWith(PathPrefix),
  );
  const page = cutList(matching, input);
  const AttachedPolicies = page.items.map(({ policyArn }) => ({
    PolicyName: policyArn.slice(policyArn.lastIndexOf("/") + 1),
    PolicyArn: policyArn,
  }));
  return { AttachedPolicies, ...encodeMarker(page) };
}

const attachments: readonly QueryRow[] = [
  define("AttachUserPolicy", {
    operation: attach,
    decode: ({ UserName, PolicyArn }) => ({ kind: user, name: UserName, policyArn: PolicyArn }),
    encode: nothing,
  }),
  define("AttachRolePolicy", {
    operation: attach,
    decode: ({ RoleName, PolicyArn }) => ({ kind: role, name: RoleName, policyArn: PolicyArn }),
    encode: nothing,
  }),
  define("DetachUserPolicy", {
    operation: detach,
    decode: ({ UserName, PolicyArn }) => ({ kind: user, name: UserName, policyArn: PolicyArn }),
    encode: nothing,
  }),
  define("DetachRolePolicy", {
    operation: detach,
    decode: ({ RoleName, PolicyArn }) => ({ kind: role, name: RoleName, policyArn: PolicyArn }),
    encode: nothing,
  }),
  define("ListAttachedUserPolicies", {
    operation: listAttached,
    decode: ({ UserName }) => ({ kind: user, name: UserName }),
    encode: encodeAttached,
  }),
  define("ListAttachedRolePolicies", {
    operation: listAttached,
    decode: ({ RoleName }) => ({ kind: role, name: RoleName }),
    encode: encodeAttached,
  }),
  define("ListEntitiesForPolicy", {
    operation: listEntitiesForPolicy,
    decode: ({ PolicyArn, EntityFilter, MaxItems, Marker }) => ({
      policyArn: PolicyArn,
      kind: kindOf(EntityFilter),
      limit: MaxItems,
      marker: Marker,
    }),
    encode(page, { EntityFilter, PolicyUsageFilter }) {
      // Groups are none here; who is bounded by a policy is not told.
      const shown = PolicyUsageFilter === "PermissionsBoundary" || isOther(EntityFilter) ? [] : page.items;
      return {
        PolicyGroups: [],
        PolicyUsers: shown
          .filter(({ kind }) => kind === "user")
          .map(({ name, principalId }) => ({ UserName: name, UserId: principalId })),
        PolicyRoles: shown
          .filter(({ kind }) => kind === "role")
          .map(({ name, principalId }) => ({ RoleName: name, RoleId: principalId })),
        ...encodeMarker(page),
      };
    },
  }),
];

function kindOf(filter: string | undefined): "user" | "role" | undefined {
  if (filter === "User") return user;
  return filter === "Role" ? role : undefined;
}

function scopeOf(scope: string | undefined): "AWS" | "Local" | undefined {
  return scope === "AWS" || scope === "Local" ? scope : undefined;
}

/** Whether a filter asks for what neither is a user nor a role. */
function isOther(filter: string | undefined): boolean {
  return filter !== undefined && filter !== "User" && filter !== "Role";
}

function encodeVersion({ version, isDefault }: ShownVersion, withDocument: boolean) {
  return {
    ...(withDocument ? { Document: encodeDocument(version.document) } : {}),
    VersionId: `v${version.version}`,
    IsDefaultVersion: isDefault,
    CreateDate: seconds(version.createdAtMs),
  };
}

const managed: readonly QueryRow[] = [
  define("CreatePolicy", {
    operation: createManagedPolicy,
    decode: ({ PolicyName, Path, PolicyDocument, Description, Tags }) => ({
      name: PolicyName,
      path: Path,
      document: PolicyDocument,
      description: Description,
      tags: decodeTags(Tags),
    }),
    encode: ({ policy }) => ({ Policy: encodePolicy(policy) }),
  }),
  define("GetPolicy", {
    operation: getManagedPolicy,
    decode: ({ PolicyArn }) => ({ policyArn: PolicyArn }),
    encode: ({ policy }) => ({ Policy: encodePolicy(policy) }),
  }),
  define("ListPolicies", {
    operation: listManagedPolicies,
    decode: ({ Scope, OnlyAttached, PathPrefix, MaxItems, Marker }) => ({
      scope: scopeOf(Scope),
      onlyAttached: OnlyAttached,
      pathPrefix: PathPrefix,
      limit: MaxItems,
      marker: Marker,
    }),
    encode: (page) => ({ Policies: page.items.map((policy) => encodePolicy(policy, true)), ...encodeMarker(page) }),
  }),
  define("DeletePolicy", {
    operation: deleteManagedPolicy,
    decode: ({ PolicyArn }) => ({ policyArn: PolicyArn }),
    encode: nothing,
  }),
  define("CreatePolicyVersion", {
    operation: createPolicyVersion,
    decode: ({ PolicyArn, PolicyDocument, SetAsDefault }) => ({
      policyArn: PolicyArn,
      document: PolicyDocument,
      setAsDefault: SetAsDefault === true,
    }),
    encode: (shown) => ({ PolicyVersion: encodeVersion(shown, false) }),
  }),
  define("GetPolicyVersion", {
    operation: getPolicyVersion,
    decode: ({ PolicyArn, VersionId }) => ({ policyArn: PolicyArn, version: versionNumber(VersionId) }),
    encode: (shown) => ({ PolicyVersion: encodeVersion(shown, true) }),
  }),
  define("ListPolicyVersions", {
    operation: listPolicyVersions,
    decode: ({ PolicyArn }) => ({ policyArn: PolicyArn }),
    encode({ versions }, input) {
      const page = cutList(versions, input);
      return { Versions: page.items.map((shown) => encodeVersion(shown, false)), ...encodeMarker(page) };
    },
  }),
  define("SetDefaultPolicyVersion", {
    operation: setDefaultPolicyVersion,
    decode: ({ PolicyArn, VersionId }) => ({ policyArn: PolicyArn, version: versionNumber(VersionId) }),
    encode: nothing,
  }),
  define("DeletePolicyVersion", {
    operation: deletePolicyVersion,
    decode: ({ PolicyArn, VersionId }) => ({ policyArn: PolicyArn, version: versionNumber(VersionId) }),
    encode: nothing,
  }),
  define("TagPolicy", {
    operation: tagManagedPolicy,
    decode: ({ PolicyArn, Tags }) => ({ policyArn: PolicyArn, tags: decodeTags(Tags) ?? [] }),
    encode: nothing,
  }),
  define("UntagPolicy", {
    operation: untagManagedPolicy,
    decode: ({ PolicyArn, TagKeys }) => ({ policyArn: PolicyArn, tagKeys: TagKeys }),
    encode: nothing,
  }),
  define("ListPolicyTags", {
    operation: getManagedPolicy,
    decode: ({ PolicyArn }) => ({ policyArn: PolicyArn }),
    encode({ policy }, input) {
      const page = cutList(policy.tags, input);
      return { Tags: encodeTags(page.items), ...encodeMarker(page) };
    },
  }),
];

/** Inline and managed policies. */
export const policyRows: readonly QueryRow[] = [...inline, ...attachments, ...managed];
