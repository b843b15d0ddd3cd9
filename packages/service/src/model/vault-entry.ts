/** A record that the Vault API keeps: a policy, a role, a secret. Its value is always wrapped by the keyring. */
export interface VaultEntryRecord {
  /** What kind of record it is and to whom it belongs, such as `sys/policy` or `kv/UUID/data`. */
  readonly area: string;
  /** Unique in its area; folders are parts before slashes. */
  readonly name: string;
  readonly wrappingKeyId: string;
  /** JSON text, bound to area and name. */
  readonly wrappedValue: Uint8Array;
  /** When it is gone by itself; absent when it stays. */
  readonly expiresAtMs?: number;
  readonly revision: number;
}
