/** The calls of Vault's Transit engine that envelope encryption needs, of one mount. Source: Vault API, secret/transit. */
export interface TransitClient {
  /** The mount, without slashes at its ends. */
  readonly mount: string;
  /** A data key of `bits` bits, plain and wrapped by the newest version of a key. */
  generateDataKey(input: TransitInput & { readonly bits: 128 | 256 | 512 }): Promise<{
    readonly plaintext: Uint8Array;
    /** `vault:vN:...` */
    readonly ciphertext: string;
  }>;
  encrypt(input: TransitInput & { readonly plaintext: Uint8Array }): Promise<{ readonly ciphertext: string }>;
  decrypt(input: TransitInput & { readonly ciphertext: string }): Promise<{ readonly plaintext: Uint8Array }>;
}

/** Which key, and what the ciphertext is bound to. */
export interface TransitInput {
  /** The key's name below the mount. */
  readonly key: string;
  /** `associated_data`: for keys of an AEAD type, which all but RSA are. */
  readonly associatedData?: Uint8Array | undefined;
}
