/** Core key states: the standard's words (NIST SP 800-57 part 1, section 7); wires translate them. */
export type KeyState = "active" | "suspended" | "preActivation" | "pendingDestruction";

export type KeyUsage = "ENCRYPT_DECRYPT";

/** Who governs the key: the account's users, or a service on their behalf (`aws/SERVICE`). */
export type KeyOwner = "CUSTOMER" | "AWS";

export type KeyOrigin = "AWS_KMS" | "EXTERNAL";

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
  /** When the lifecycle has something to do for this key: the earlier of rotation and deletion. */
  readonly dueAtMs?: number;
  readonly revision: number;
}

export type RotationType = "AUTOMATIC" | "ON_DEMAND";

/** One version of a key's material, wrapped. Append-only, but for a rewrap under a newer wrapping key. */
export interface KeyVersionRecord {
  readonly region: string;
  readonly keyId: string;
  readonly version: number;
  readonly materialId: string;
  readonly wrappingKeyId: string;
  readonly wrappedMaterial: Uint8Array;
  readonly createdAtMs: number;
  /** How this version came about; absent for a key's first version. */
  readonly rotationType?: RotationType;
  readonly revision: number;
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
