/** Something that is there at once on one platform and later on another. */
export type MaybePromise<T> = T | Promise<T>;

/** The hash functions of the suites. */
export type HashName = "sha256" | "sha384" | "sha512";

/** The curves of the signing suites. */
export type CurveName = "P-256" | "P-384";

/** An AES key in the platform's own form, for AES-GCM with 12-byte IVs and 16-byte tags (NIST SP 800-38D). */
export interface AesGcmKey {
  /** @returns the ciphertext, as long as the plaintext, and its 16-byte tag */
  seal(iv: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): MaybePromise<SealedBytes>;
  /** @throws EnvelopeError DecryptionFailed; nothing of the plaintext leaves before its tag was right */
  open(iv: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array, tag: Uint8Array): MaybePromise<Uint8Array>;
}

/** A ciphertext and its tag. */
export interface SealedBytes {
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

/** How RSA pads a data key: PKCS #1 v1.5, or OAEP with MGF1 of the same hash (RFC 8017, 7.1 and 7.2). */
export type RsaPadding = "pkcs1" | "oaep-sha1" | "oaep-sha256" | "oaep-sha384" | "oaep-sha512";

/** The public half of an RSA pair. */
export interface RsaEncryptionKey {
  encrypt(plaintext: Uint8Array): MaybePromise<Uint8Array>;
}

/** The private half. It can be sent nowhere and shows no bytes. */
export interface RsaDecryptionKey {
  /**
   * @returns the plaintext; of PKCS #1 v1.5 random bytes of any length when the padding is wrong
   * @throws EnvelopeError DecryptionFailed
   */
  decrypt(ciphertext: Uint8Array): MaybePromise<Uint8Array>;
}

/** A new pair for signing, whose private half stays in it. */
export interface SigningKey {
  /** As a compressed point (SEC 1, 2.3.3). */
  readonly publicKey: Uint8Array;
  /** Begins a message. */
  begin(): MessageSigner;
}

/** Signs a message as it goes by. Used once. */
export interface MessageSigner {
  update(bytes: Uint8Array): void;
  /** @returns the signature in DER (`ECDSA-Sig-Value`) */
  sign(): MaybePromise<Uint8Array>;
}

/** Verifies a message as it goes by. Used once. */
export interface MessageVerifier {
  update(bytes: Uint8Array): void;
  /** @param signature in DER */
  verify(signature: Uint8Array): MaybePromise<boolean>;
}

/** What this library takes from where it runs: Node's cryptography, or the Web Cryptography API. */
export interface Platform {
  /** Bytes from the system's generator. */
  randomBytes(byteLength: number): Uint8Array<ArrayBuffer>;
  /** @param key 16, 24 or 32 bytes; copied */
  aesGcmKey(key: Uint8Array): MaybePromise<AesGcmKey>;
  /** RFC 5869. An empty salt is as many zeros as the hash has bytes. */
  hkdf(
    hash: HashName,
    inputKey: Uint8Array,
    salt: Uint8Array,
    info: Uint8Array,
    byteLength: number,
  ): MaybePromise<Uint8Array>;
  hmac(hash: HashName, key: Uint8Array, bytes: Uint8Array): MaybePromise<Uint8Array>;
  digest(hash: HashName, bytes: Uint8Array): MaybePromise<Uint8Array>;
  /** Takes the same time for any two arrays of one length. */
  equalBytes(a: Uint8Array, b: Uint8Array): boolean;
  signingKey(curve: CurveName, hash: HashName): MaybePromise<SigningKey>;
  /** @throws EnvelopeError MessageMalformed when the point is not on the curve */
  messageVerifier(curve: CurveName, hash: HashName, publicKey: Uint8Array): MaybePromise<MessageVerifier>;
  /**
   * @param key a SubjectPublicKeyInfo in DER
   * @throws EnvelopeError InvalidInput when it is no RSA key of 2048 bits or more, or the platform lacks the padding
   */
  rsaEncryptionKey(key: Uint8Array, padding: RsaPadding): MaybePromise<RsaEncryptionKey>;
  /**
   * @param key a PKCS #8 PrivateKeyInfo in DER; copied
   * @throws EnvelopeError InvalidInput as above
   */
  rsaDecryptionKey(key: Uint8Array, padding: RsaPadding): MaybePromise<RsaDecryptionKey>;
  /** Milliseconds since 1970. */
  now(): number;
  /** Waits. A process may end in the meantime. */
  pause(milliseconds: number): Promise<void>;
  /** Calls once, unless the process ends before. @returns what takes it back */
  after(milliseconds: number, act: () => void): () => void;
}
