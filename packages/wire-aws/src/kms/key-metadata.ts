import { findKeySpec, type KeyRecord, type KeyState, keyArn, keyMaterialId } from "@coffer/service";
import type { KeyMetadata } from "./generated/types.ts";

const keyStates: Readonly<Record<KeyState, string>> = {
  active: "Enabled",
  suspended: "Disabled",
  preActivation: "PendingImport",
  pendingDestruction: "PendingDeletion",
};

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

/** AWS KMS: KeyMetadata. */
export function keyMetadata(key: KeyRecord): KeyMetadata {
  const { account, region, keyId, state, spec, currentVersion } = key;
  return {
    AWSAccountId: account,
    KeyId: keyId,
    Arn: arnOf(key),
    CreationDate: epochSeconds(key.createdAtMs),
    Enabled: state === "active",
    Description: key.description,
    KeyUsage: key.usage,
    KeyState: keyStates[state],
    ...(key.deletionAtMs === undefined ? {} : { DeletionDate: epochSeconds(key.deletionAtMs) }),
    Origin: key.origin,
    KeyManager: key.owner,
    CustomerMasterKeySpec: spec,
    KeySpec: spec,
    EncryptionAlgorithms: findKeySpec(spec)?.encryptionAlgorithms ?? [],
    MultiRegion: keyId.startsWith("mrk-"),
    ...(state === "preActivation"
      ? {}
      : { CurrentKeyMaterialId: keyMaterialId({ account, region, keyId, keyVersion: currentVersion }) }),
  };
}
