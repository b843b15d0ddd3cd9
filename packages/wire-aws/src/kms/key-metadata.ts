import {
  currentMaterialId,
  findKeySpec,
  isSymmetricEncryption,
  type KeyRecord,
  type KeyState,
  type KeyUsage,
  keyArn,
  shownState,
} from "@coffer/service";
import type { KeyMetadata } from "./generated/types.ts";

const keyStates: Readonly<Record<KeyState, string>> = {
  active: "Enabled",
  suspended: "Disabled",
  preActivation: "PendingImport",
  pendingDestruction: "PendingDeletion",
  pendingReplicaDestruction: "PendingReplicaDeletion",
};

/** Where AWS lists the algorithms of each usage. */
const algorithmMembers: Readonly<Record<KeyUsage, string>> = {
  ENCRYPT_DECRYPT: "EncryptionAlgorithms",
  SIGN_VERIFY: "SigningAlgorithms",
  GENERATE_VERIFY_MAC: "MacAlgorithms",
  KEY_AGREEMENT: "KeyAgreementAlgorithms",
  ENCAPSULATE_DECAPSULATE: "EncapsulationAlgorithms",
};

/** A key's algorithms in the member that AWS has for its usage. */
export function algorithmsOf({ spec, usage }: KeyRecord): Readonly<Record<string, readonly string[]>> {
  return { [algorithmMembers[usage]]: findKeySpec(spec)?.algorithms.get(usage) ?? [] };
}

/** AWS's name of a key state. */
export function keyStateName(state: KeyState): string {
  return keyStates[state];
}

/** A time as AWS JSON 1.1 writes it: seconds since the epoch, with milliseconds after the point. */
export function epochSeconds(ms: number): number {
  return ms / 1000;
}

/** The key ARN of a record. */
export function arnOf(key: KeyRecord): string {
  return keyArn(key.region, key.account, key.keyId);
}

/** AWS KMS: ExpirationModel and ValidTo of imported material. */
export function expirationOf(expiresAtMs: number | undefined): Pick<KeyMetadata, "ExpirationModel" | "ValidTo"> {
  return expiresAtMs === undefined
    ? { ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE" }
    : { ExpirationModel: "KEY_MATERIAL_EXPIRES", ValidTo: epochSeconds(expiresAtMs) };
}

/** AWS KMS: MultiRegionConfiguration, of keys that have one. */
function multiRegionConfiguration({ account, keyId, region, multiRegion }: KeyRecord): Partial<KeyMetadata> {
  if (multiRegion === undefined) return {};
  const keyIn = (at: string) => ({ Arn: keyArn(at, account, keyId), Region: at });
  return {
    MultiRegionConfiguration: {
      MultiRegionKeyType: multiRegion.primaryRegion === region ? "PRIMARY" : "REPLICA",
      PrimaryKey: keyIn(multiRegion.primaryRegion),
      ReplicaKeys: multiRegion.replicaRegions.map(keyIn),
    },
  };
}

/** What KeyMetadata says of a key in an external key store. */
function storeMembers({ customKeyStoreId, xksKeyId }: KeyRecord): KeyMetadata {
  if (customKeyStoreId === undefined) return {};
  return { CustomKeyStoreId: customKeyStoreId, XksKeyConfiguration: { Id: xksKeyId } };
}

/** Whether a key has material, or had some that was imported and deleted: AWS goes on naming it. */
function hasHadMaterial({ origin, state, importedMaterialId }: KeyRecord): boolean {
  return origin === "EXTERNAL" ? importedMaterialId !== undefined : state !== "preActivation";
}

function hasImportedMaterial(key: KeyRecord): boolean {
  return key.origin === "EXTERNAL" && key.state !== "preActivation" && hasHadMaterial(key);
}

/** Its own material is only half of a key's in an external key store: AWS names none. */
function namesMaterial(key: KeyRecord): boolean {
  return hasHadMaterial(key) && isSymmetricEncryption(key) && key.customKeyStoreId === undefined;
}

const lastStates: ReadonlySet<KeyState> = new Set(["pendingDestruction", "pendingReplicaDestruction"]);

/**
 * AWS KMS: KeyMetadata.
 *
 * @param disconnected the key is in a custom key store that is not connected
 */
export function keyMetadata(key: KeyRecord, disconnected = false): KeyMetadata {
  const { account, keyId, spec } = key;
  const state = shownState(key);
  const unavailable = disconnected && !lastStates.has(state);
  return {
    AWSAccountId: account,
    KeyId: keyId,
    Arn: arnOf(key),
    CreationDate: epochSeconds(key.createdAtMs),
    Enabled: state === "active" && !unavailable,
    Description: key.description,
    KeyUsage: key.usage,
    KeyState: unavailable ? "Unavailable" : keyStates[state],
    ...(key.deletionAtMs === undefined ? {} : { DeletionDate: epochSeconds(key.deletionAtMs) }),
    ...(state === "pendingReplicaDestruction" ? { PendingDeletionWindowInDays: key.pendingWindowDays } : {}),
    ...(hasImportedMaterial(key) ? expirationOf(key.materialExpiresAtMs) : {}),
    Origin: key.origin,
    KeyManager: key.owner,
    CustomerMasterKeySpec: spec,
    KeySpec: spec,
    ...algorithmsOf(key),
    MultiRegion: key.multiRegion !== undefined,
    ...multiRegionConfiguration(key),
    ...storeMembers(key),
    ...(namesMaterial(key) ? { CurrentKeyMaterialId: currentMaterialId(key) } : {}),
  };
}
