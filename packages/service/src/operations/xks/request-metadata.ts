import type { OperationConditions } from "../../pipeline/operation.ts";

/**
 * What a KMS tells of the call behind a request to its external key store proxy (XKS Proxy API 1.0, appendix B). It is
 * covered by the KMS's signature and believed no further: it is recorded, and policies may have conditions on it.
 */
export interface XksRequestMetadata {
  readonly kmsOperation: string;
  readonly kmsRequestId: string;
  readonly awsPrincipalArn?: string | undefined;
  readonly kmsKeyArn?: string | undefined;
  readonly kmsViaService?: string | undefined;
  readonly awsSourceVpc?: string | undefined;
  readonly awsSourceVpce?: string | undefined;
}

/** The members, in the order of the audit record. */
export const xksMetadataMembers = [
  "awsPrincipalArn",
  "awsSourceVpc",
  "awsSourceVpce",
  "kmsKeyArn",
  "kmsOperation",
  "kmsRequestId",
  "kmsViaService",
] as const satisfies readonly (keyof XksRequestMetadata)[];

export type XksMetadataMember = (typeof xksMetadataMembers)[number];

/** Input of an operation of the proxy on one key. */
export interface XksKeyInput {
  /** The external key's id: a key id of the home region. */
  readonly keyId: string;
  readonly metadata: XksRequestMetadata;
}

/** CloudTrail's `eventSource` of what the proxy does. */
export const xksEventSource = "kms-xks-proxy.coffer";

/** Policy conditions `xks:NAME` of the metadata, such as `xks:AwsPrincipalArn` and `xks:KmsKeyArn`. */
export function xksConditions({ metadata }: { readonly metadata: XksRequestMetadata }): OperationConditions {
  const conditions = new Map<string, readonly string[]>();
  for (const member of xksMetadataMembers) {
    const value = metadata[member];
    if (value !== undefined) conditions.set(`xks:${member.toLowerCase()}`, [value]);
  }
  return conditions;
}

/** `requestParameters` of the audit record. */
export function recordXks({ keyId, metadata }: { keyId?: string; metadata: XksRequestMetadata }) {
  const requestMetadata: Partial<Record<keyof XksRequestMetadata, string | undefined>> = {};
  for (const member of xksMetadataMembers) requestMetadata[member] = metadata[member];
  return { externalKeyId: keyId, requestMetadata };
}
