import type { KeySpecUsage, TransitKdf } from "@coffer/crypto";

/**
 * Core key states: the standard's words (NIST SP 800-57 part 1, section 7); wires translate them.
 * `pendingReplicaDestruction`: a multi-Region primary key whose deletion waits for that of its replicas.
 */
export type KeyState = "active" | "suspended" | "preActivation" | "pendingDestruction" | "pendingReplicaDestruction";

export type KeyUsage = KeySpecUsage;

/** Who governs the key: the account's users, or a service on their behalf (`aws/SERVICE`). */
export type KeyOwner = "CUSTOMER" | "AWS";

/** Where a key's material comes from: made here, imported, or kept behind an external key store proxy. */
export type KeyOrigin = "AWS_KMS" | "EXTERNAL" | "EXTERNAL_KEY_STORE";

/** Which regions a multi-Region key is in. Every one of its records holds the same. */
export interface MultiRegionPlacement {
  readonly primaryRegion: string;
  readonly replicaRegions: readonly string[];
}

/** Automatic rotation of a key. `nextAtMs` is set exactly while `enabled`. */
export interface RotationSettings {
  readonly enabled: boolean;
  readonly periodMs: number;
  readonly nextAtMs?: number;
}

/** What Transit adds to a key; part of the key itself, so every API obeys it. */
export interface TransitAttributes {
  readonly deletionAllowed: boolean;
  readonly exportable: boolean;
  readonly allowPlaintextBackup: boolean;
  /** Ciphertexts of older versions are refused, through every API. At least 1. */
  readonly minDecryptionVersion: number;
  /** 0 means the latest version. */
  readonly minEncryptionVersion: number;
  /** How a key is derived from the material for each request's context; absent when the material itself serves. */
  readonly kdf?: TransitKdf;
  /** Of convergent encryption: equal plaintexts under a context have equal ciphertexts. Absent when they have not. */
  readonly convergentVersion?: number;
  /** Older versions are trimmed away for good; absent means none. */
  readonly minAvailableVersion?: number;
  /** Nothing may be done with the key until this is taken back (OpenBao: soft-delete). */
  readonly softDeleted?: boolean;
  /** Transit made the key: it serves for all that its type can do, and not for its one usage alone. */
  readonly allUses?: boolean;
  /** Whether the current material was imported through Transit; absent where the key's origin says it. */
  readonly imported?: boolean;
  /** Whether a key that was imported may get material that is made here. */
  readonly allowsImportedRotation?: boolean;
  /** The last backup, and the restoration that the key comes from. */
  readonly backedUp?: TransitCopy;
  readonly restored?: TransitCopy;
  /** Length of new material, where the spec leaves it open. */
  readonly secretBytes?: number;
}

/** When a key was copied, and its newest version then. */
export interface TransitCopy {
  readonly atMs: number;
  readonly version: number;
}

export interface KeyTag {
  readonly key: string;
  readonly value: string;
}

/** A key, its metadata and policy. Its material is in `KeyVersionRecord`, a row each. */
export interface KeyRecord {
  readonly region: string;
  readonly keyId: string;
  readonly account: string;
  readonly spec: string;
  readonly usage: KeyUsage;
  readonly origin: KeyOrigin;
  readonly owner: KeyOwner;
  readonly state: KeyState;
  readonly description: string;
  /** The key policy, as the caller put it. */
  readonly policy: string;
  readonly tags: readonly KeyTag[];
  readonly createdAtMs: number;
  readonly currentVersion: number;
  readonly rotation: RotationSettings;
  readonly transit: TransitAttributes;
  /** On-demand rotations so far (AWS KMS allows 25 a key). */
  readonly onDemandRotations: number;
  /** Set exactly in `pendingDestruction`. */
  readonly deletionAtMs?: number;
  readonly pendingWindowDays?: number;
  /** Set exactly for multi-Region keys, whose id begins with `mrk-`. */
  readonly multiRegion?: MultiRegionPlacement;
  /** The custom key store of a key with origin `EXTERNAL_KEY_STORE`. */
  readonly customKeyStoreId?: string;
  /** What the external key store proxy calls the key. */
  readonly xksKeyId?: string;
  /** The earliest time at which imported material of this key expires. */
  readonly materialExpiresAtMs?: number;
  /** The public id of the current version's material where it was imported; else `currentMaterialId` computes it. */
  readonly importedMaterialId?: string;
  /** The imported version that becomes the current one at the next rotation. */
  readonly pendingVersion?: number;
  /** The unique ids of the principals that the key policy names, by ARN, as they were when it was put. */
  readonly policyPrincipals?: Readonly<Record<string, string>>;
  /** When the lifecycle has something to do for this key: the earliest of rotation, expiry and deletion. */
  readonly dueAtMs?: number;
  readonly revision: number;
}

export type RotationType = "AUTOMATIC" | "ON_DEMAND";

/**
 * One version of a key's material, wrapped. Append-only, but for a rewrap under a newer wrapping key, and for imported
 * material, which expires, is deleted and is imported again.
 */
export interface KeyVersionRecord {
  /** The key's region, or `*` for material that all regions of a multi-Region key share (`materialRegion`). */
  readonly region: string;
  readonly keyId: string;
  readonly version: number;
  readonly materialId: string;
  readonly wrappingKeyId: string;
  /** Empty, with an empty `wrappingKeyId`, while imported material is deleted or expired. */
  readonly wrappedMaterial: Uint8Array;
  /** When this version became current; for one that is pending, when it was imported. */
  readonly createdAtMs: number;
  /** How this version came about; absent for a key's first version. */
  readonly rotationType?: RotationType;
  /** When imported material expires; absent when it does not. */
  readonly expiresAtMs?: number;
  /** What the importer called it. */
  readonly materialDescription?: string;
  /** The key of Transit's HMACs where it came with the material (restored keys); else it is derived of that. */
  readonly wrappedHmacKey?: Uint8Array;
  /** PEM of the certificates for the public key, its own first (Vault API: Transit, set certificate chain). */
  readonly certificateChain?: string;
  readonly revision: number;
}

/** The region of a key's `KeyVersionRecord`s: material that is made here is shared by all regions of a multi-Region key. */
export function materialRegion({
  region,
  origin,
  multiRegion,
}: Pick<KeyRecord, "region" | "origin" | "multiRegion">): string {
  return multiRegion !== undefined && origin === "AWS_KMS" ? "*" : region;
}

/** The state that APIs tell of: what Transit has deleted softly is disabled for all of them. */
export function shownState({ state, transit }: Pick<KeyRecord, "state" | "transit">): KeyState {
  return transit.softDeleted === true && state === "active" ? "suspended" : state;
}

/** Whether a key is the one of its multi-Region key that rotates and has replicas; true of single-Region keys. */
export function isPrimary({ region, multiRegion }: Pick<KeyRecord, "region" | "multiRegion">): boolean {
  return multiRegion === undefined || multiRegion.primaryRegion === region;
}

/** `alias/NAME` of an account and region. */
export interface AliasRecord {
  readonly account: string;
  readonly region: string;
  /** With its prefix `alias/`. */
  readonly name: string;
  readonly keyId: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly revision: number;
}
