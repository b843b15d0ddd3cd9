import { createAliasCodec, deleteAliasCodec, listAliasesCodec, updateAliasCodec } from "./aliases.ts";
import type { KmsRow, OperationName } from "./codec.ts";
import { createKeyCodec } from "./create-key.ts";
import {
  connectCustomKeyStoreCodec,
  createCustomKeyStoreCodec,
  deleteCustomKeyStoreCodec,
  describeCustomKeyStoresCodec,
  disconnectCustomKeyStoreCodec,
  updateCustomKeyStoreCodec,
} from "./custom-key-stores.ts";
import { decryptCodec } from "./decrypt.ts";
import { describeKeyCodec, listKeysCodec } from "./describe-keys.ts";
import { encryptCodec } from "./encrypt.ts";
import { generateDataKeyCodec, generateDataKeyWithoutPlaintextCodec } from "./generate-data-key.ts";
import { generateDataKeyPairCodec, generateDataKeyPairWithoutPlaintextCodec } from "./generate-data-key-pair.ts";
import { generateRandomCodec } from "./generate-random.ts";
import { targetPrefix } from "./generated/model.ts";
import {
  createGrantCodec,
  listGrantsCodec,
  listRetirableGrantsCodec,
  retireGrantCodec,
  revokeGrantCodec,
} from "./grants.ts";
import { deleteImportedKeyMaterialCodec, getParametersForImportCodec, importKeyMaterialCodec } from "./imports.ts";
import {
  cancelKeyDeletionCodec,
  disableKeyCodec,
  enableKeyCodec,
  scheduleKeyDeletionCodec,
  updateKeyDescriptionCodec,
} from "./key-changes.ts";
import { getKeyLastUsageCodec } from "./key-last-usage.ts";
import { getKeyPolicyCodec, listKeyPoliciesCodec, putKeyPolicyCodec } from "./key-policies.ts";
import { generateMacCodec, verifyMacCodec } from "./macs.ts";
import { replicateKeyCodec, updatePrimaryRegionCodec } from "./multi-region.ts";
import { reEncryptCodec } from "./re-encrypt.ts";
import {
  disableKeyRotationCodec,
  enableKeyRotationCodec,
  getKeyRotationStatusCodec,
  listKeyRotationsCodec,
  rotateKeyOnDemandCodec,
} from "./rotation.ts";
import { decapsulateCodec, deriveSharedSecretCodec, encapsulateCodec } from "./shared-secrets.ts";
import { getPublicKeyCodec, signCodec, verifyCodec } from "./signing.ts";
import { listResourceTagsCodec, tagResourceCodec, untagResourceCodec } from "./tags.ts";

/** An operation of the AWS model that is not built. */
export interface AbsentRow {
  readonly name: OperationName;
  /** What it would need, as the object of "not supported": shown to the caller. */
  readonly absent: string;
}

/** Every operation of the AWS model: how it is done, or what it lacks. */
const rows: Readonly<Record<OperationName, KmsRow | AbsentRow>> = {
  CancelKeyDeletion: cancelKeyDeletionCodec,
  ConnectCustomKeyStore: connectCustomKeyStoreCodec,
  CreateAlias: createAliasCodec,
  CreateCustomKeyStore: createCustomKeyStoreCodec,
  CreateGrant: createGrantCodec,
  CreateKey: createKeyCodec,
  Decapsulate: decapsulateCodec,
  Decrypt: decryptCodec,
  DeleteAlias: deleteAliasCodec,
  DeleteCustomKeyStore: deleteCustomKeyStoreCodec,
  DeleteImportedKeyMaterial: deleteImportedKeyMaterialCodec,
  DeriveSharedSecret: deriveSharedSecretCodec,
  DescribeCustomKeyStores: describeCustomKeyStoresCodec,
  DescribeKey: describeKeyCodec,
  DisableKey: disableKeyCodec,
  DisableKeyRotation: disableKeyRotationCodec,
  DisconnectCustomKeyStore: disconnectCustomKeyStoreCodec,
  EnableKey: enableKeyCodec,
  EnableKeyRotation: enableKeyRotationCodec,
  Encapsulate: encapsulateCodec,
  Encrypt: encryptCodec,
  GenerateDataKey: generateDataKeyCodec,
  GenerateDataKeyPair: generateDataKeyPairCodec,
  GenerateDataKeyPairWithoutPlaintext: generateDataKeyPairWithoutPlaintextCodec,
  GenerateDataKeyWithoutPlaintext: generateDataKeyWithoutPlaintextCodec,
  GenerateMac: generateMacCodec,
  GenerateRandom: generateRandomCodec,
  GetKeyLastUsage: getKeyLastUsageCodec,
  GetKeyPolicy: getKeyPolicyCodec,
  GetKeyRotationStatus: getKeyRotationStatusCodec,
  GetParametersForImport: getParametersForImportCodec,
  GetPublicKey: getPublicKeyCodec,
  ImportKeyMaterial: importKeyMaterialCodec,
  ListAliases: listAliasesCodec,
  ListGrants: listGrantsCodec,
  ListKeyPolicies: listKeyPoliciesCodec,
  ListKeyRotations: listKeyRotationsCodec,
  ListKeys: listKeysCodec,
  ListResourceTags: listResourceTagsCodec,
  ListRetirableGrants: listRetirableGrantsCodec,
  PutKeyPolicy: putKeyPolicyCodec,
  ReEncrypt: reEncryptCodec,
  ReplicateKey: replicateKeyCodec,
  RetireGrant: retireGrantCodec,
  RevokeGrant: revokeGrantCodec,
  RotateKeyOnDemand: rotateKeyOnDemandCodec,
  ScheduleKeyDeletion: scheduleKeyDeletionCodec,
  Sign: signCodec,
  TagResource: tagResourceCodec,
  UntagResource: untagResourceCodec,
  UpdateAlias: updateAliasCodec,
  UpdateCustomKeyStore: updateCustomKeyStoreCodec,
  UpdateKeyDescription: updateKeyDescriptionCodec,
  UpdatePrimaryRegion: updatePrimaryRegionCodec,
  Verify: verifyCodec,
  VerifyMac: verifyMacCodec,
};

/** The rows by what `X-Amz-Target` says. */
export const kmsTargets: ReadonlyMap<string, KmsRow | AbsentRow> = new Map(
  Object.values(rows).map((row) => [`${targetPrefix}.${row.name}`, row]),
);
