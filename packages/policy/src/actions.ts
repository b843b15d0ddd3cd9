/** Tables of AWS KMS actions (AWS KMS Developer Guide, "AWS KMS permissions"). */

const cryptographic = [
  "Decapsulate",
  "Decrypt",
  "DeriveSharedSecret",
  "Encapsulate",
  "Encrypt",
  "GenerateDataKey",
  "GenerateDataKeyPair",
  "GenerateDataKeyPairWithoutPlaintext",
  "GenerateDataKeyWithoutPlaintext",
  "GenerateMac",
  // ReEncrypt is an operation but no action: it needs one on the key that it leaves and one on the key that it enters.
  "ReEncryptFrom",
  "ReEncryptTo",
  "Sign",
  "Verify",
  "VerifyMac",
] as const;

const shareable = [
  "CreateGrant",
  "DescribeKey",
  "GetKeyRotationStatus",
  "GetPublicKey",
  "ListGrants",
  "RetireGrant",
  "RevokeGrant",
] as const;

const ownAccountOnly = [
  "CancelKeyDeletion",
  "ConnectCustomKeyStore",
  "CreateAlias",
  "CreateCustomKeyStore",
  "CreateKey",
  "DeleteAlias",
  "DeleteCustomKeyStore",
  "DeleteImportedKeyMaterial",
  "DescribeCustomKeyStores",
  "DisableKey",
  "DisableKeyRotation",
  "DisconnectCustomKeyStore",
  "EnableKey",
  "EnableKeyRotation",
  "GenerateRandom",
  "GetKeyLastUsage",
  "GetKeyPolicy",
  "GetParametersForImport",
  "ImportKeyMaterial",
  "ListAliases",
  "ListKeyPolicies",
  "ListKeyRotations",
  "ListKeys",
  "ListResourceTags",
  "ListRetirableGrants",
  "PutKeyPolicy",
  "ReplicateKey",
  "RotateKeyOnDemand",
  "ScheduleKeyDeletion",
  // An action without an operation: the service copies a multi-Region key's changes under it.
  "SynchronizeMultiRegionKey",
  "TagResource",
  "UntagResource",
  "UpdateAlias",
  "UpdateCustomKeyStore",
  "UpdateKeyDescription",
  "UpdatePrimaryRegion",
] as const;

/**
 * Every `kms:` action, for hints about misspelt ones. A policy may name others: they match nothing today, and AWS
 * accepts them too.
 */
export const allActions: readonly string[] = [...cryptographic, ...shareable, ...ownAccountOnly]
  .map((name) => `kms:${name}`)
  .sort();

/** The `kms:` actions that a caller may be allowed on a key of another account; no policy can allow the others there. */
export const crossAccountActions: ReadonlySet<string> = new Set(
  [...cryptographic, ...shareable].map((name) => `kms:${name}`),
);

/** The operations that a grant can allow (AWS KMS API: CreateGrant, `Operations`). */
export const grantOperationNames: ReadonlySet<string> = new Set([
  ...cryptographic,
  "CreateGrant",
  "DescribeKey",
  "GetPublicKey",
  "RetireGrant",
]);

/** Those that take an encryption context, which a grant's constraints look at (AWS KMS API: GrantConstraints). */
export const contextOperationNames: ReadonlySet<string> = new Set(
  cryptographic.filter((name) => /crypt|^GenerateDataKey/i.test(name)),
);
