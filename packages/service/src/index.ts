export {
  findImportHash,
  findKeySpec,
  findTransitHash,
  findTransitType,
  type MessageType,
  type SecretBytes,
  specOfTransitType,
  type TransitExportFormat,
  type TransitHash,
  type TransitSigning,
  type TransitTypeRow,
} from "@coffer/crypto";
export { parseStrictJson, parseVaultTime } from "@coffer/policy";
export type { AnonymousCaller } from "./audit/event.ts";
export { redactTokens } from "./audit/redact-tokens.ts";
export type { Core } from "./core.ts";
export {
  type AuthenticationFailure,
  type ErrorCode,
  type ErrorDetail,
  type ErrorParams,
  errorCodes,
  type Fault,
  type InputKind,
  InvariantError,
  invariant,
  type KeyStoreProblem,
  type ResourceKind,
  ServiceError,
} from "./errors.ts";
export type { HealthWatch } from "./health/health-watch.ts";
export { confirmRootCredential, makeRootCredential, type RootCredential } from "./identity/bootstrap.ts";
export type { AccessKeyCredential } from "./identity/identity-directory.ts";
export { rootPrincipal } from "./identity/load-principal.ts";
export { generateRootKey, Keyring } from "./keyring/keyring.ts";
export { checkpointKeySetting, openSecretSetting, secretSettingWrite } from "./keyring/secret-setting.ts";
export { currentMaterialId } from "./keys/material-id.ts";
export { isSymmetricEncryption } from "./keys/symmetric.ts";
export { Lifecycle } from "./lifecycle/lifecycle.ts";
export { type Limit, limits } from "./limits.ts";
export {
  provideManagedKey,
  providePredefined,
  throughService,
} from "./managed-keys/managed-keys.ts";
export { aliasArn, isKeyId, type KeyReference, keyArn, parseKeyReference, rootArn } from "./model/arn.ts";
export type { ContextPairs, GrantConstraints, GrantNameRecord, GrantRecord } from "./model/grant.ts";
export type {
  AliasRecord,
  KeyOrigin,
  KeyOwner,
  KeyRecord,
  KeyState,
  KeyTag,
  KeyUsage,
  KeyVersionRecord,
  RotationSettings,
  RotationType,
  TransitAttributes,
  TransitCopy,
} from "./model/key.ts";
export { shownState } from "./model/key.ts";
export type { CustomKeyStoreRecord, KeyStoreConnectionError, KeyStoreState } from "./model/key-store.ts";
export type { KeyUsageRecord } from "./model/key-usage.ts";
export type { MountConfig, MountConfigChange, MountRecord } from "./model/mount.ts";
export type {
  AccessKeyRecord,
  IamNameKind,
  IamNameRecord,
  IamTag,
  IdentityPolicyRecord,
  ManagedPolicyRecord,
  OidcProviderRecord,
  PolicyAttachmentRecord,
  PolicyVersionRecord,
  Principal,
  PrincipalKind,
  PrincipalRecord,
  TokenRecord,
  VaultTokenFacts,
} from "./model/principal.ts";
export type { RecipientRequest, RequestContext, VaultAccess, VaultDecisionRecord, Wire } from "./model/request.ts";
export type { VaultEntryRecord } from "./model/vault-entry.ts";
export type { VaultAlias, VaultEntity, VaultGroup, VaultGroupAlias } from "./model/vault-identity.ts";
export type { MountMatch } from "./mounts/mount-directory.ts";
export { type CoreParts, closeCore, type OpenedCore, openCore } from "./open-core.ts";
export { createAccessKey, deleteAccessKey, updateAccessKey } from "./operations/admin/access-keys.ts";
export { listCredentials } from "./operations/admin/credentials.ts";
export {
  deleteIdentityPolicy,
  getIdentityPolicy,
  listIdentityPolicies,
  putIdentityPolicy,
} from "./operations/admin/identity-policies.ts";
export {
  createManagedPolicy,
  deleteManagedPolicy,
  getManagedPolicy,
  listManagedPolicies,
  tagManagedPolicy,
  untagManagedPolicy,
} from "./operations/admin/managed-policies.ts";
export { byName, type PrincipalName } from "./operations/admin/names.ts";
export {
  addOidcClientId,
  createOidcProvider,
  deleteOidcProvider,
  getOidcProvider,
  listOidcProviders,
  removeOidcClientId,
  tagOidcProvider,
  untagOidcProvider,
  updateOidcThumbprints,
} from "./operations/admin/oidc-providers.ts";
export {
  attachPolicy,
  detachPolicy,
  listAttachedPolicies,
  listEntitiesForPolicy,
} from "./operations/admin/policy-attachments.ts";
export {
  createPolicyVersion,
  deletePolicyVersion,
  getPolicyVersion,
  listPolicyVersions,
  type ShownVersion,
  setDefaultPolicyVersion,
} from "./operations/admin/policy-versions.ts";
export { createPrincipal, deletePrincipal, listPrincipals } from "./operations/admin/principals.ts";
export {
  getPrincipal,
  listingOfNothing,
  listPrincipalsOfKind,
  listPrincipalTags,
  tagPrincipal,
  untagPrincipal,
} from "./operations/admin/read-principals.ts";
export { renewRootCredential } from "./operations/admin/renew-root-credential.ts";
export { deleteBoundary, putBoundary, putTrustPolicy, updateRole } from "./operations/admin/roles.ts";
export { rotateKeyring } from "./operations/admin/rotate-keyring.ts";
export { createToken, revokeOwnToken, revokeToken } from "./operations/admin/tokens.ts";
export { createAlias, deleteAlias, updateAlias } from "./operations/aliases/alias-operations.ts";
export { listAliases } from "./operations/aliases/list-aliases.ts";
export {
  disableAuditDevice,
  enableAuditDevice,
  hashAuditValue,
  listAuditDevices,
} from "./operations/audit-devices/audit-devices.ts";
export { decrypt } from "./operations/decrypt.ts";
export { encrypt } from "./operations/encrypt.ts";
export { type ExplainRequestOutput, explainRequest } from "./operations/explanations/explain-request.ts";
export { type SimulatePolicyOutput, simulatePolicy } from "./operations/explanations/simulate-policy.ts";
export { generateDataKey, generateDataKeyWithoutPlaintext } from "./operations/generate-data-key.ts";
export { generateDataKeyPair, generateDataKeyPairWithoutPlaintext } from "./operations/generate-data-key-pair.ts";
export { generateRandom } from "./operations/generate-random.ts";
export { getCallerIdentity } from "./operations/get-caller-identity.ts";
export { createGrant } from "./operations/grants/create-grant.ts";
export { retireGrant, revokeGrant } from "./operations/grants/end-grants.ts";
export { type ListedGrant, listGrants, listRetirableGrants } from "./operations/grants/list-grants.ts";
export { isServiceName } from "./operations/grants/principals.ts";
export { deleteImportedKeyMaterial } from "./operations/imports/delete-imported-key-material.ts";
export { getParametersForImport } from "./operations/imports/get-parameters-for-import.ts";
export { importKeyMaterial } from "./operations/imports/import-key-material.ts";
export { connectCustomKeyStore, disconnectCustomKeyStore } from "./operations/key-stores/connect-custom-key-store.ts";
export { createCustomKeyStore } from "./operations/key-stores/create-custom-key-store.ts";
export { deleteCustomKeyStore } from "./operations/key-stores/delete-custom-key-store.ts";
export { describeCustomKeyStores } from "./operations/key-stores/describe-custom-key-stores.ts";
export { updateCustomKeyStore } from "./operations/key-stores/update-custom-key-store.ts";
export { disableKey, enableKey } from "./operations/keys/change-state.ts";
export { type CreateKeyInput, createKey } from "./operations/keys/create-key.ts";
export { describeKey } from "./operations/keys/describe-key.ts";
export { getKeyLastUsage } from "./operations/keys/key-last-usage.ts";
export { type KeySummary, listKeySummaries, summarizeKey } from "./operations/keys/key-summaries.ts";
export { listKeys } from "./operations/keys/list-keys.ts";
export { cancelKeyDeletion, restoreKey, scheduleKeyDeletion } from "./operations/keys/schedule-key-deletion.ts";
export { updateKeyDescription } from "./operations/keys/update-key-description.ts";
export { deleteVersions, destroyVersions, undeleteVersions } from "./operations/kv/delete-versions.ts";
export { configureKv, readKvConfig } from "./operations/kv/kv-config.ts";
export { listSecrets } from "./operations/kv/list-secrets.ts";
export { cubbyholeSecrets, plainSecrets, plainSecretsArea } from "./operations/kv/plain-secrets.ts";
export { readSecret } from "./operations/kv/read-secret.ts";
export {
  isGone,
  type NumberedVersion,
  type SecretData,
  type SecretInput,
  type SecretVersion,
  secretsArea,
} from "./operations/kv/secret.ts";
export {
  deleteSecret,
  type MetadataChange,
  readSecretMetadata,
  type SecretMetadata,
  writeSecretMetadata,
} from "./operations/kv/secret-metadata.ts";
export { patchSecret, writeSecret } from "./operations/kv/write-secret.ts";
export type { EncryptionContext } from "./operations/message.ts";
export { describeVaultApi } from "./operations/mounts/describe-vault-api.ts";
export { disableMount, enableMount, listMounts } from "./operations/mounts/mount-operations.ts";
export { readMigration, remount } from "./operations/mounts/remount.ts";
export { tuneMount } from "./operations/mounts/tune-mount.ts";
export { findMount, listVisibleMounts } from "./operations/mounts/visible-mounts.ts";
export { replicateKey } from "./operations/multi-region/replicate-key.ts";
export { updatePrimaryRegion } from "./operations/multi-region/update-primary-region.ts";
export { getKeyPolicy, listKeyPolicies, putKeyPolicy } from "./operations/policies/key-policy-operations.ts";
export { reEncrypt } from "./operations/re-encrypt.ts";
export { readAuditEvents } from "./operations/read-audit-events.ts";
export {
  disableKeyRotation,
  enableKeyRotation,
  getKeyRotationStatus,
} from "./operations/rotation/automatic-rotation.ts";
export { type KeyRotationsPage, listKeyRotations } from "./operations/rotation/list-key-rotations.ts";
export { rotateKeyOnDemand } from "./operations/rotation/rotate-key-on-demand.ts";
export { describeKeyring } from "./operations/seal/describe-keyring.ts";
export {
  cancelRootGeneration,
  readRootGeneration,
  startRootGeneration,
  submitRootGenerationShare,
} from "./operations/seal/generate-root.ts";
export {
  cancelRekey,
  readRekey,
  readRekeyVerification,
  restartRekeyVerification,
  startRekey,
  submitRekeyShare,
  verifyRekeyShare,
} from "./operations/seal/rekey.ts";
export { sealInstance, stepDown } from "./operations/seal/seal-instance.ts";
export type { Page, PageInput } from "./operations/shared.ts";
export { dayMs } from "./operations/shared.ts";
export { deriveSharedSecret } from "./operations/shared-secrets/derive-shared-secret.ts";
export { decapsulate, encapsulate } from "./operations/shared-secrets/encapsulation.ts";
export { getPublicKey } from "./operations/signing/get-public-key.ts";
export { generateMac, verifyMac } from "./operations/signing/mac-operations.ts";
export { sign } from "./operations/signing/sign.ts";
export { verify } from "./operations/signing/verify.ts";
export { type AssumeRoleInput, assumeRole } from "./operations/sts/assume-role.ts";
export { getAccessKeyInfo } from "./operations/sts/get-access-key-info.ts";
export { getSessionToken } from "./operations/sts/get-session-token.ts";
export type { AssumedRole, IssuedSession } from "./operations/sts/issue-session.ts";
export {
  type AssumedByWebIdentity,
  assumeRoleWithWebIdentity,
  authenticateWebIdentity,
} from "./operations/sts/web-identity.ts";
export { listResourceTags, tagResource, untagResource } from "./operations/tags/tag-operations.ts";
export { backUpKey } from "./operations/transit/backup/back-up-key.ts";
export { backupName, restoreTransitKey } from "./operations/transit/backup/restore-key.ts";
export { requestCertificate, setCertificates } from "./operations/transit/certificates.ts";
export { configureKey } from "./operations/transit/configure-key.ts";
export {
  transitDataKey,
  transitDataKeyWithoutPlaintext,
  transitDecrypt,
  transitEncrypt,
  transitRewrap,
} from "./operations/transit/crypto-operations.ts";
export {
  type ExportedVersion,
  type ExportKeyInput,
  type ExportKeyOutput,
  exportKeyMaterial,
  exportPublicParts,
  type PrivateExport,
  type PublicExport,
  wipeExported,
} from "./operations/transit/export/export-key-material.ts";
export { type WrapForExportInput, wrapForExport } from "./operations/transit/export/wrap-for-export.ts";
export { transitUsage } from "./operations/transit/foreign-key.ts";
export { hashData } from "./operations/transit/hash.ts";
export { transitHmac, transitVerifyHmac } from "./operations/transit/hmac-operations.ts";
export { importTransitKey } from "./operations/transit/import/import-key.ts";
export { importTransitVersion } from "./operations/transit/import/import-version.ts";
export type { ForeignMaterial } from "./operations/transit/import/unwrap-import.ts";
export { readWrappingKey } from "./operations/transit/import/wrapping-key.ts";
export type { TransitCiphertext, TransitFailure, TransitResult } from "./operations/transit/items.ts";
export { listNamedKeys } from "./operations/transit/list-named-keys.ts";
export {
  configureTransit,
  readTransitSettings,
  type TransitSettings,
  transitSettingsOf,
} from "./operations/transit/mount-settings.ts";
export { pemOf } from "./operations/transit/pem.ts";
export { type KeyVersionFacts, readKey } from "./operations/transit/read-key.ts";
export {
  type TransitSignature,
  type TransitSigningFailure,
  type TransitSigningResult,
  transitSign,
  transitVerify,
} from "./operations/transit/sign-operations.ts";
export { restoreSoftDeletedKey, softDeleteKey } from "./operations/transit/soft-delete-key.ts";
export { trimKey } from "./operations/transit/trim-key.ts";
export type { AppRole, AppRoleChanges } from "./operations/vault-auth/approle/app-role.ts";
export { logInWithAppRole } from "./operations/vault-auth/approle/log-in.ts";
export { deleteAppRole, readAppRole, writeAppRole } from "./operations/vault-auth/approle/role-operations.ts";
export {
  createSecretId,
  destroySecretId,
  listSecretIdAccessors,
  lookUpSecretId,
} from "./operations/vault-auth/approle/secret-id-operations.ts";
export { tidySecretIds } from "./operations/vault-auth/approle/tidy-secret-ids.ts";
export {
  type CertRoleChanges,
  deleteCertRole,
  readCertRole,
  refuseRevocationList,
  writeCertRole,
} from "./operations/vault-auth/cert/cert-role.ts";
export { logInWithCertificate } from "./operations/vault-auth/cert/log-in.ts";
export type { VaultLogin } from "./operations/vault-auth/issue-login.ts";
export {
  type JwtConfig,
  readJwtConfig,
  type WriteJwtConfigInput,
  writeJwtConfig,
} from "./operations/vault-auth/jwt/jwt-config.ts";
export {
  deleteJwtRole,
  type JwtRole,
  type JwtRoleChanges,
  readJwtRole,
  writeJwtRole,
} from "./operations/vault-auth/jwt/jwt-role.ts";
export { logInWithJwt, refuseBrowserLogin } from "./operations/vault-auth/jwt/log-in.ts";
export { readKubeConfig, writeKubeConfig } from "./operations/vault-auth/kubernetes/kube-config.ts";
export {
  deleteKubeRole,
  type KubeRoleChanges,
  readKubeRole,
  writeKubeRole,
} from "./operations/vault-auth/kubernetes/kube-role.ts";
export { logInWithKubernetes } from "./operations/vault-auth/kubernetes/log-in.ts";
export { authNameExists, listAuthNames } from "./operations/vault-auth/list-names.ts";
export { listLockedUsers, unlockUser } from "./operations/vault-auth/lockout/locked-user-operations.ts";
export type { TokenParamChanges, TokenParams } from "./operations/vault-auth/token-params.ts";
export { logInWithPassword } from "./operations/vault-auth/userpass/log-in.ts";
export {
  deleteVaultUser,
  readVaultUser,
  writeVaultUser,
} from "./operations/vault-auth/userpass/user-operations.ts";
export {
  deleteEntityAlias,
  listEntityAliases,
  readEntityAlias,
  writeEntityAlias,
} from "./operations/vault-identity/aliases.ts";
export {
  deleteEntity,
  type EntityReference,
  type FoundEntity,
  listEntities,
  readEntity,
  writeEntity,
} from "./operations/vault-identity/entities.ts";
export {
  deleteGroupAlias,
  listGroupAliases,
  readGroupAlias,
  writeGroupAlias,
} from "./operations/vault-identity/group-aliases.ts";
export {
  deleteGroup,
  type GroupReference,
  listGroups,
  readGroup,
  writeGroup,
} from "./operations/vault-identity/groups.ts";
export { loginEntity } from "./operations/vault-identity/login-entity.ts";
export { mergeEntities } from "./operations/vault-identity/merge-entities.ts";
export { leaseOperations } from "./operations/vault-leases/lease-operations.ts";
export {
  deletePasswordPolicy,
  generatePassword,
  listPasswordPolicies,
  readPasswordPolicy,
  writePasswordPolicy,
} from "./operations/vault-policies/password-policies.ts";

export {
  type CapabilitiesSubject,
  type PathCapabilitiesOutput,
  pathCapabilities,
} from "./operations/vault-policies/path-capabilities.ts";
export {
  deleteVaultPolicy,
  type FoundVaultPolicy,
  listVaultPolicies,
  readVaultPolicy,
  type WriteVaultPolicyInput,
  writeVaultPolicy,
} from "./operations/vault-policies/vault-policy-operations.ts";
export { createVaultToken } from "./operations/vault-tokens/create-token.ts";
export {
  listTokenAccessors,
  lookUpOwnToken,
  lookUpToken,
  type TokenFinding,
} from "./operations/vault-tokens/look-up-token.ts";
export { renewOwnToken, renewToken } from "./operations/vault-tokens/renew-token.ts";
export {
  revokeOwnVaultToken,
  revokeTokenAlone,
  revokeVaultToken,
  tidyTokens,
} from "./operations/vault-tokens/revoke-token.ts";
export { type TokenRoleChanges, tokenRoleOperations } from "./operations/vault-tokens/role-operations.ts";
export { findTokenRole, type TokenRole } from "./operations/vault-tokens/token-role.ts";
export {
  invalidWrappingToken,
  isWrappingToken,
  lookUpWrapping,
  rewrapAnswer,
  unwrapAnswer,
  type WrapInfo,
  type WrappingSubject,
  wrapAnswer,
} from "./operations/vault-wrapping/wrap-answer.ts";
export {
  type XksMetadataMember,
  type XksRequestMetadata,
  xksEventSource,
  xksMetadataMembers,
} from "./operations/xks/request-metadata.ts";
export { xksDecrypt } from "./operations/xks/xks-decrypt.ts";
export { xksEncrypt } from "./operations/xks/xks-encrypt.ts";
export { type XksHealthOutput, xksHealth } from "./operations/xks/xks-health.ts";
export { xksKeyMetadata } from "./operations/xks/xks-key-metadata.ts";
export { asServiceError, execute, type Refusal, recordRefusal } from "./pipeline/execute.ts";
export { defineOperation, type Operation } from "./pipeline/operation.ts";
export type { AuditEvent, AuditHealth, AuditLog } from "./ports/audit.ts";
export { AuditDeviceError, type AuditDeviceSink, type AuditDeviceSinks } from "./ports/audit-devices.ts";
export type { Clock } from "./ports/clock.ts";
export {
  type ExternalKeyCall,
  ExternalKeyError,
  type ExternalKeyFacts,
  type ExternalKeyFailure,
  type ExternalKeyProxy,
  type ExternalKeys,
} from "./ports/external-keys.ts";
export type { Outbound, OutboundAnswer, OutboundRequest } from "./ports/outbound.ts";
export type { Randomness } from "./ports/randomness.ts";
export type { Seal, SealedRootKey } from "./ports/seal.ts";
export { type Quorum, quorumProblem, type SealedWithShares, type ShareSeal } from "./ports/share-seal.ts";
export {
  type AuditOutboxRecord,
  type SettingRecord,
  type Store,
  StoreConflict,
  type StoreHealth,
  type TableKeys,
  type TableName,
  type Tables,
  type WrappingKeyRecord,
  type Write,
} from "./ports/store.ts";
export type { WebIdentity, WebIdentityDemand, WebIdentityVerifier } from "./ports/web-identity.ts";
export type { ResourceQuotas } from "./quotas/resource-quotas.ts";
export { type Initialized, type InitializeParts, initializeWithShares } from "./seal/initialize.ts";
export { OneByOne } from "./seal/one-by-one.ts";
export type { NewShares, RekeyStatus, ShareKind, VerificationStatus } from "./seal/root-of-trust.ts";
export {
  type RootKeySetting,
  readSealedRootKey,
  recoverySetting,
  rootKeySetting,
  type StoredRootKey,
  sealedRootKeyWrite,
} from "./seal/root-record.ts";
export { type RootTokenStatus, rootTokenChars } from "./seal/root-token-attempts.ts";
export { sealEvent } from "./seal/seal-event.ts";
export { collectShares, type ShareOutcome, ShareProgress } from "./seal/share-progress.ts";
export type { VaultAuditAuth, VaultAuditEntry, VaultAuditMemo } from "./vault/audit-entry.ts";
export { cubbyholeArea } from "./vault/cubbyhole-area.ts";
export { type IssuedVaultToken, issueVaultToken, type WantedVaultToken } from "./vault/issue-token.ts";
export { useToken } from "./vault/use-token.ts";
export type { VaultAcls } from "./vault/vault-acls.ts";
export type { VaultEntries, VaultEntry, VaultFolderPage } from "./vault/vault-entries.ts";
export { vaultPolicyName } from "./vault/vault-policy-entry.ts";
export { admittedByAcl, vaultPathAccess } from "./vault/vault-principal.ts";
export { parseBearerToken } from "./wire/bearer-token.ts";
export type { WireAnswer, WireHandler, WireRequest } from "./wire/message.ts";
export { anonymousCaller, type CallerFacts, refusalOf } from "./wire/refusal.ts";
export { contentCodings, decodeUtf8, isCompressed } from "./wire/request-body.ts";
export { type ParsedPath, parsePath } from "./wire/request-path.ts";
