import {
  byName,
  createAccessKey,
  createPrincipal,
  deleteAccessKey,
  deleteBoundary,
  deletePrincipal,
  getPrincipal,
  listCredentials,
  listPrincipalsOfKind,
  listPrincipalTags,
  putBoundary,
  putTrustPolicy,
  tagPrincipal,
  untagPrincipal,
  updateAccessKey,
  updateRole,
} from "@coffer/service";
import { codecsOf, type QueryRow } from "../query/codec.ts";
import type { OperationTypes } from "./generated/types.ts";
import { iamModel } from "./model.ts";
import { cutList, decodeTags, encodeMarker, encodeRole, encodeTags, encodeUser, seconds } from "./shapes.ts";

const user = "user" as const;
const role = "role" as const;
const define = codecsOf<OperationTypes>(iamModel);
const nothing = () => undefined;

const getOne = byName(getPrincipal);
const tag = byName(tagPrincipal);
const untag = byName(untagPrincipal);
const listTags = byName(listPrincipalTags);
const bound = byName(putBoundary);
const unbound = byName(deleteBoundary);

const users: readonly QueryRow[] = [
  define("CreateUser", {
    operation: createPrincipal,
    decode: ({ UserName, Path, PermissionsBoundary, Tags }) => ({
      kind: user,
      name: UserName,
      path: Path,
      boundaryArn: PermissionsBoundary,
      tags: decodeTags(Tags),
    }),
    encode: ({ principal }) => ({ User: encodeUser(principal) }),
  }),
  define("GetUser", {
    operation: getOne,
    decode: ({ UserName }) => ({ kind: user, name: UserName }),
    encode: ({ principal }) => ({ User: encodeUser(principal) }),
  }),
  define("ListUsers", {
    operation: listPrincipalsOfKind,
    decode: ({ PathPrefix, MaxItems, Marker }) => ({
      kind: user,
      pathPrefix: PathPrefix,
      limit: MaxItems,
      marker: Marker,
    }),
    encode: (page) => ({ Users: page.items.map((user) => encodeUser(user, true)), ...encodeMarker(page) }),
  }),
  define("DeleteUser", {
    operation: deletePrincipal,
    decode: ({ UserName }) => ({ kind: user, name: UserName, strict: true }),
    encode: nothing,
  }),
  define("TagUser", {
    operation: tag,
    decode: ({ UserName, Tags }) => ({ kind: user, name: UserName, tags: decodeTags(Tags) ?? [] }),
    encode: nothing,
  }),
  define("UntagUser", {
    operation: untag,
    decode: ({ UserName, TagKeys }) => ({ kind: user, name: UserName, tagKeys: TagKeys }),
    encode: nothing,
  }),
  define("ListUserTags", {
    operation: listTags,
    decode: ({ UserName }) => ({ kind: user, name: UserName }),
    encode({ tags }, input) {
      const page = cutList(tags, input);
      return { Tags: encodeTags(page.items), ...encodeMarker(page) };
    },
  }),
  define("PutUserPermissionsBoundary", {
    operation: bound,
    decode: ({ UserName, PermissionsBoundary }) => ({ kind: user, name: UserName, boundaryArn: PermissionsBoundary }),
    encode: nothing,
  }),
  define("DeleteUserPermissionsBoundary", {
    operation: unbound,
    decode: ({ UserName }) => ({ kind: user, name: UserName }),
    encode: nothing,
  }),
];

const roles: readonly QueryRow[] = [
  define("CreateRole", {
    operation: createPrincipal,
    decode: (input) => ({
      kind: role,
      name: input.RoleName,
      path: input.Path,
      description: input.Description,
      trustPolicy: input.AssumeRolePolicyDocument,
      maxSessionSeconds: input.MaxSessionDuration,
      boundaryArn: input.PermissionsBoundary,
      tags: decodeTags(input.Tags),
    }),
    encode: ({ principal }) => ({ Role: encodeRole(principal) }),
  }),
  define("GetRole", {
    operation: getOne,
    decode: ({ RoleName }) => ({ kind: role, name: RoleName }),
    encode: ({ principal }) => ({ Role: encodeRole(principal) }),
  }),
  define("ListRoles", {
    operation: listPrincipalsOfKind,
    decode: ({ PathPrefix, MaxItems, Marker }) => ({
      kind: role,
      pathPrefix: PathPrefix,
      limit: MaxItems,
      marker: Marker,
    }),
    encode: (page) => ({ Roles: page.items.map((role) => encodeRole(role, true)), ...encodeMarker(page) }),
  }),
  define("UpdateRole", {
    operation: byName(updateRole),
    decode: ({ RoleName, Description, MaxSessionDuration }) => ({
      kind: role,
      name: RoleName,
      description: Description,
      maxSessionSeconds: MaxSessionDuration,
    }),
    encode: () => ({}),
  }),
  define("UpdateRoleDescription", {
    operation: byName(updateRole),
    decode: ({ RoleName, Description }) => ({ kind: role, name: RoleName, description: Description }),
    encode: ({ principal }) => ({ Role: encodeRole(principal) }),
  }),
  define("UpdateAssumeRolePolicy", {
    operation: byName(putTrustPolicy),
    decode: ({ RoleName, PolicyDocument }) => ({ kind: role, name: RoleName, document: PolicyDocument }),
    encode: nothing,
  }),
  define("DeleteRole", {
    operation: deletePrincipal,
    decode: ({ RoleName }) => ({ kind: role, name: RoleName, strict: true }),
    encode: nothing,
  }),
  define("TagRole", {
    operation: tag,
    decode: ({ RoleName, Tags }) => ({ kind: role, name: RoleName, tags: decodeTags(Tags) ?? [] }),
    encode: nothing,
  }),
  define("UntagRole", {
    operation: untag,
    decode: ({ RoleName, TagKeys }) => ({ kind: role, name: RoleName, tagKeys: TagKeys }),
    encode: nothing,
  }),
  define("ListRoleTags", {
    operation: listTags,
    decode: ({ RoleName }) => ({ kind: role, name: RoleName }),
    encode({ tags }, input) {
      const page = cutList(tags, input);
      return { Tags: encodeTags(page.items), ...encodeMarker(page) };
    },
  }),
  define("PutRolePermissionsBoundary", {
    operation: bound,
    decode: ({ RoleName, PermissionsBoundary }) => ({ kind: role, name: RoleName, boundaryArn: PermissionsBoundary }),
    encode: nothing,
  }),
  define("DeleteRolePermissionsBoundary", {
    operation: unbound,
    decode: ({ RoleName }) => ({ kind: role, name: RoleName }),
    encode: nothing,
  }),
];

function userNameOf(principalArn: string): string {
  return principalArn.slice(principalArn.lastIndexOf("/") + 1);
}

const accessKeys: readonly QueryRow[] = [
  define("CreateAccessKey", {
    operation: byName(createAccessKey),
    decode: ({ UserName }) => ({ kind: user, name: UserName }),
    encode: ({ record, secretAccessKey }) => ({
      AccessKey: {
        UserName: userNameOf(record.principalArn),
        AccessKeyId: record.accessKeyId,
        Status: "Active",
        SecretAccessKey: secretAccessKey,
        CreateDate: seconds(record.createdAtMs),
      },
    }),
  }),
  define("ListAccessKeys", {
    operation: byName(listCredentials),
    decode: ({ UserName }) => ({ kind: user, name: UserName }),
    encode({ principalArn, accessKeys: keys }, input) {
      const page = cutList(keys, input);
      const AccessKeyMetadata = page.items.map(({ accessKeyId, active, createdAtMs }) => ({
        UserName: userNameOf(principalArn),
        AccessKeyId: accessKeyId,
        Status: active ? "Active" : "Inactive",
        CreateDate: seconds(createdAtMs),
      }));
      return { AccessKeyMetadata, ...encodeMarker(page) };
    },
  }),
  define("UpdateAccessKey", {
    operation: updateAccessKey,
    decode: ({ UserName, AccessKeyId, Status }) => ({
      accessKeyId: AccessKeyId,
      userName: UserName,
      active: Status === "Active",
    }),
    encode: nothing,
  }),
  define("DeleteAccessKey", {
    operation: deleteAccessKey,
    decode: ({ UserName, AccessKeyId }) => ({ accessKeyId: AccessKeyId, userName: UserName }),
    encode: nothing,
  }),
];

/** Users, roles and access keys. */
export const principalRows: readonly QueryRow[] = [...users, ...roles, ...accessKeys];
