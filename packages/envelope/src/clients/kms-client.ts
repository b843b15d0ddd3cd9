/** What a client of AWS KMS is asked, as AWS's SDK names it: `new KMS(...)` of `@aws-sdk/client-kms` fits as it is. */
export interface KmsKeyInput {
  /** An ARN, an alias's ARN, an alias or a key id. */
  readonly KeyId: string;
  readonly EncryptionContext?: Record<string, string>;
  readonly GrantTokens?: string[];
}

/** The calls of AWS KMS that envelope encryption needs. Source: AWS KMS API Reference. */
export interface KmsClient {
  /** A data key of `NumberOfBytes` bytes, plain and wrapped. */
  generateDataKey(input: KmsKeyInput & { readonly NumberOfBytes: number }): Promise<KmsDataKey>;
  /** Wraps up to 4096 bytes. */
  encrypt(
    input: KmsKeyInput & { readonly Plaintext: Uint8Array; readonly EncryptionAlgorithm?: KmsEncryptionAlgorithm },
  ): Promise<KmsCiphertext>;
  /** Unwraps. With `KeyId`, by that key alone. */
  decrypt(
    input: KmsKeyInput & { readonly CiphertextBlob: Uint8Array; readonly EncryptionAlgorithm?: KmsEncryptionAlgorithm },
  ): Promise<KmsPlaintext>;
}

/** The encryption algorithms of AWS KMS. */
export type KmsEncryptionAlgorithm = "SYMMETRIC_DEFAULT" | "RSAES_OAEP_SHA_1" | "RSAES_OAEP_SHA_256" | "SM2PKE";

/** Answers. Members are optional as they are in AWS's SDK; whoever reads one checks that it is there. */
export interface KmsDataKey {
  readonly CiphertextBlob?: Uint8Array | undefined;
  readonly Plaintext?: Uint8Array | undefined;
  /** The key's ARN. */
  readonly KeyId?: string | undefined;
}
/** @see KmsDataKey */
export type KmsCiphertext = Omit<KmsDataKey, "Plaintext">;
/** @see KmsDataKey */
export type KmsPlaintext = Omit<KmsDataKey, "CiphertextBlob">;
