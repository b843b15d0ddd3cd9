/** A public key that a device publishes so that others can write to it while it is away. */
export interface PublicPreKey {
  /** Unique within its set and device: 1 to 64 characters of `A-Z a-z 0-9 . _ = + / -`. */
  readonly keyId: string;
  /** Base64, as the protocol encodes it. */
  readonly key: string;
  /** Base64; by the device's identity key, over what its protocol says. Absent where the protocol signs none. */
  readonly signature?: string | undefined;
}

/** The keys of one kind, such as Signal's `kyberPreKey`. */
export interface KeySetUpload {
  /** Given out again and again when no one-time key is left: a signed prekey, a last-resort or a fallback key. */
  readonly lastResort?: PublicPreKey | undefined;
  /** Each given out at most once. */
  readonly oneTime: readonly PublicPreKey[];
}

/** What a device publishes. What it published before stays, but `details` and last-resort keys are replaced. */
export interface KeyUpload {
  /** Base64; what the device list names. */
  readonly identityKey: string;
  /** What its protocol publishes besides, as text that the protocol defines: an OpenPGP certificate, Olm's device keys. */
  readonly details?: string | undefined;
  /** By the name that the protocol gives the set. */
  readonly sets: Readonly<Record<string, KeySetUpload>>;
}

/** How many one-time keys of each set the directory has left. */
export type KeyCounts = Readonly<Record<string, number>>;

/** One key of each set, and the identity that they belong to: enough to write to a device that is away. */
export interface KeyBundle {
  readonly identityKey: string;
  readonly details?: string | undefined;
  readonly sets: Readonly<Record<string, PublicPreKey & { readonly lastResort: boolean }>>;
}
