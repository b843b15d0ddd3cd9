import type { SecretBytes } from "@coffer/crypto";

/** A root key as a seal keeps it: opaque to the core, JSON-safe. */
export interface SealedRootKey {
  /** Which seal made it, such as `keyfile`. */
  readonly kind: string;
  /** The seal's own parameters and ciphertext; binary parts are base64. */
  readonly fields: Readonly<Record<string, string | number>>;
}

/** The port for the root of trust: protects the root key, and nothing else. */
export interface Seal {
  readonly kind: string;
  /** Protects a new root key. The caller keeps owning `rootKey`. */
  seal(rootKey: SecretBytes): Promise<SealedRootKey>;
  /**
   * Recovers the root key.
   *
   * @returns undefined when this seal cannot open `sealed`: wrong key file, wrong passphrase, damaged bytes
   */
  unseal(sealed: SealedRootKey): Promise<SecretBytes | undefined>;
}
