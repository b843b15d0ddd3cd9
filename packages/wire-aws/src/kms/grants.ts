import {
  createGrant,
  isServiceName,
  type ListedGrant,
  listGrants,
  listRetirableGrants,
  type Page,
  retireGrant,
  revokeGrant,
  ServiceError,
} from "@coffer/service";
import { defineCodec, encodeNothing, encodeOutput } from "./codec.ts";
import type { GrantConstraints, GrantListEntry } from "./generated/types.ts";
import { epochSeconds } from "./key-metadata.ts";
import { encodePage } from "./page.ts";

/**
 * Lets pass what can be a key id or key ARN.
 *
 * @throws ServiceError InvalidInput kind `arn` for an alias, in AWS's words (seen in issues of boto/boto, 2015 and 2019)
 */
function keyOnly(reference: string): string {
  if (!reference.startsWith("alias/") && !reference.includes(":alias/")) return reference;
  throw ServiceError.of("InvalidInput", { kind: "arn", reason: "Key Aliases are not supported for this operation." });
}

function decodeConstraints(constraints: GrantConstraints | undefined) {
  return {
    encryptionContextSubset: constraints?.EncryptionContextSubset,
    encryptionContextEquals: constraints?.EncryptionContextEquals,
    sourceArn: constraints?.SourceArn,
  };
}

/** AWS KMS: CreateGrant. */
export const createGrantCodec = defineCodec("CreateGrant", {
  operation: createGrant,
  decode: (input) => ({
    keyId: keyOnly(input.KeyId),
    grantee: input.GranteePrincipal,
    granteeService: input.GranteeServicePrincipal,
    retiring: input.RetiringPrincipal,
    retiringService: input.RetiringServicePrincipal,
    operations: input.Operations,
    constraints: decodeConstraints(input.Constraints),
    name: input.Name,
  }),
  encode: ({ grantId, grantToken }) => encodeOutput<"CreateGrant">({ GrantId: grantId, GrantToken: grantToken }),
});

/** A principal or a service, in the member that AWS has for it. */
function partyMembers(name: string | undefined, principal: string, service: string): Record<string, string> {
  if (name === undefined) return {};
  return { [isServiceName(name) ? service : principal]: name };
}

function grantEntry({ grant, keyArn }: ListedGrant): GrantListEntry {
  const { encryptionContextEquals, encryptionContextSubset, sourceArn } = grant.constraints;
  const constraints = {
    ...(encryptionContextSubset === undefined ? {} : { EncryptionContextSubset: encryptionContextSubset }),
    ...(encryptionContextEquals === undefined ? {} : { EncryptionContextEquals: encryptionContextEquals }),
    ...(sourceArn === undefined ? {} : { SourceArn: sourceArn }),
  };
  return {
    KeyId: keyArn,
    GrantId: grant.grantId,
    Name: grant.name ?? "",
    CreationDate: epochSeconds(grant.createdAtMs),
    ...partyMembers(grant.grantee, "GranteePrincipal", "GranteeServicePrincipal"),
    ...partyMembers(grant.retiring, "RetiringPrincipal", "RetiringServicePrincipal"),
    IssuingAccount: `arn:aws:iam::${grant.issuingAccount}:root`,
    Operations: grant.operations,
    ...(Object.keys(constraints).length === 0 ? {} : { Constraints: constraints }),
  };
}

function encodeGrants(page: Page<ListedGrant>): string {
  return encodeOutput<"ListGrants">({ Grants: page.items.map(grantEntry), ...encodePage(page) });
}

/** AWS KMS: ListGrants. */
export const listGrantsCodec = defineCodec("ListGrants", {
  operation: listGrants,
  decode: ({ KeyId, GrantId, GranteePrincipal, GranteeServicePrincipal, Limit, Marker }) => ({
    keyId: keyOnly(KeyId),
    grantId: GrantId,
    grantee: GranteePrincipal,
    granteeService: GranteeServicePrincipal,
    limit: Limit,
    marker: Marker,
  }),
  encode: encodeGrants,
});

/** AWS KMS: ListRetirableGrants. */
export const listRetirableGrantsCodec = defineCodec("ListRetirableGrants", {
  operation: listRetirableGrants,
  decode: ({ RetiringPrincipal, RetiringServicePrincipal, Limit, Marker }) => ({
    retiring: RetiringPrincipal,
    retiringService: RetiringServicePrincipal,
    limit: Limit,
    marker: Marker,
  }),
  encode: encodeGrants,
});

/** AWS KMS: RetireGrant. */
export const retireGrantCodec = defineCodec("RetireGrant", {
  operation: retireGrant,
  decode: ({ GrantToken, KeyId, GrantId }) => ({
    grantToken: GrantToken,
    keyId: KeyId === undefined ? undefined : keyOnly(KeyId),
    grantId: GrantId,
  }),
  encode: encodeNothing,
});

/** AWS KMS: RevokeGrant. */
export const revokeGrantCodec = defineCodec("RevokeGrant", {
  operation: revokeGrant,
  decode: ({ KeyId, GrantId }) => ({ keyId: keyOnly(KeyId), grantId: GrantId }),
  encode: encodeNothing,
});
