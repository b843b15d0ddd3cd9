import type { IamTag, ManagedPolicyRecord, Page, PrincipalRecord } from "@coffer/service";

/** The times of IAM's answers: seconds since the epoch. */
export function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

/** Policy documents are URL-encoded in answers (IAM: GetRole and the like; RFC 3986). */
export function encodeDocument(document: string): string {
  return encodeURIComponent(document).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

export function encodeTags(tags: readonly IamTag[]) {
  return tags.map(({ key, value }) => ({ Key: key, Value: value }));
}

export function decodeTags(
  tags: readonly { readonly Key: string; readonly Value: string }[] | undefined,
): readonly IamTag[] | undefined {
  return tags?.map(({ Key, Value }) => ({ key: Key, value: Value }));
}

/** What says whether a listing goes on. */
export function encodeMarker({ nextMarker }: Pick<Page<unknown>, "nextMarker">) {
  return { IsTruncated: nextMarker !== undefined, Marker: nextMarker };
}

/**
 * One page of a list that is short enough to be read at once. The marker is the place of the first item of the next page.
 */
export function cutList<Item>(
  items: readonly Item[],
  { Marker, MaxItems = 100 }: { readonly Marker?: string | undefined; readonly MaxItems?: number | undefined },
): { readonly items: readonly Item[]; readonly nextMarker?: string } {
  const start = Marker !== undefined && /^\d{1,4}$/.test(Marker) ? Number(Marker) : 0;
  const end = start + MaxItems;
  return { items: items.slice(start, end), ...(end < items.length ? { nextMarker: String(end) } : {}) };
}

function encodeBoundary(boundaryArn: string | undefined) {
  return boundaryArn === undefined
    ? undefined
    : { PermissionsBoundaryType: "Policy", PermissionsBoundaryArn: boundaryArn };
}

/** Tags and boundary are left out of listings, as IAM does. */
export function encodeUser(record: PrincipalRecord, listed = false) {
  const { path, name, principalId, arn, createdAtMs, tags, boundaryArn } = record;
  return {
    Path: path,
    UserName: name,
    UserId: principalId,
    Arn: arn,
    CreateDate: seconds(createdAtMs),
    ...(listed ? {} : { PermissionsBoundary: encodeBoundary(boundaryArn) }),
    ...(listed || tags.length === 0 ? {} : { Tags: encodeTags(tags) }),
  };
}

/** A role that nobody may assume was not made through IAM: its trust policy shows as empty. */
const noTrust = '{"Version":"2012-10-17","Statement":[]}';
const defaultSessionSeconds = 3600;

/** Tags and boundary are left out of listings, as IAM does. */
export function encodeRole(record: PrincipalRecord, listed = false) {
  const { path, name, principalId, arn, createdAtMs, tags, boundaryArn, description } = record;
  return {
    Path: path,
    RoleName: name,
    RoleId: principalId,
    Arn: arn,
    CreateDate: seconds(createdAtMs),
    AssumeRolePolicyDocument: encodeDocument(record.trustPolicy ?? noTrust),
    ...(description === "" ? {} : { Description: description }),
    MaxSessionDuration: record.maxSessionSeconds ?? defaultSessionSeconds,
    ...(listed ? {} : { PermissionsBoundary: encodeBoundary(boundaryArn) }),
    ...(listed || tags.length === 0 ? {} : { Tags: encodeTags(tags) }),
    ...(listed ? {} : { RoleLastUsed: {} }),
  };
}

export function encodePolicy(policy: ManagedPolicyRecord, listed = false) {
  return {
    PolicyName: policy.name,
    PolicyId: policy.policyId,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: `v${policy.defaultVersion}`,
    AttachmentCount: policy.attachments,
    PermissionsBoundaryUsageCount: policy.boundaryUses,
    IsAttachable: true,
    ...(listed || policy.description === "" ? {} : { Description: policy.description }),
    CreateDate: seconds(policy.createdAtMs),
    UpdateDate: seconds(policy.updatedAtMs),
    ...(listed ? {} : { Tags: encodeTags(policy.tags) }),
  };
}

/** `v3` is 3. A text that is none is 0, which no version has. */
export function versionNumber(versionId: string): number {
  return /^v[1-9]\d{0,8}$/.test(versionId) ? Number(versionId.slice(1)) : 0;
}
