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

/** The calls that make keys which their caller does not see. AWS's `KMS` has them all. */
export interface KmsKeyMaker extends KmsClient {
  generateDataKeyWithoutPlaintext(input: KmsKeyInput & { readonly NumberOfBytes: number }): Promise<KmsCiphertext>;
  generateDataKeyPairWithoutPlaintext(
    input: KmsKeyInput & { readonly KeyPairSpec: KmsRsaSpec },
  ): Promise<KmsDataKeyPair>;
  /** Wraps anew within the server what is wrapped. */
  reEncrypt(input: {
    readonly CiphertextBlob: Uint8Array;
    readonly SourceKeyId: string;
    readonly SourceEncryptionContext: Record<string, string>;
    readonly DestinationKeyId: string;
    readonly DestinationEncryptionContext: Record<string, string>;
    readonly GrantTokens?: string[];
  }): Promise<KmsCiphertext>;
}

/** RSA pairs that AWS KMS makes. */
export type KmsRsaSpec = "RSA_2048" | "RSA_3072" | "RSA_4096";

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
/** @see KmsDataKey */
export interface KmsDataKeyPair {
  readonly KeyId?: string | undefined;
  /** A SubjectPublicKeyInfo in DER. */
  readonly PublicKey?: Uint8Array | undefined;
  /** A PKCS #8 PrivateKeyInfo in DER, wrapped. */
  readonly PrivateKeyCiphertextBlob?: Uint8Array | undefined;
}
