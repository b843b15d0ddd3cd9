import type { PlaintextDataKey } from "../data-key.ts";
import type { SigningKey } from "../platform/platform.ts";
import type { Suite } from "../suites.ts";

/** A data key as one wrapping key wrapped it; a message has one for each key that may decrypt it. */
export interface EncryptedDataKey {
  /** The kind of key, such as `aws-kms`. */
  readonly providerId: string;
  /** Which key, such as its ARN in UTF-8. */
  readonly providerInfo: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** What a message is encrypted with. Whoever asked for it disposes of it. */
export interface EncryptionMaterials extends Disposable {
  readonly suite: Suite;
  /** What the data key is bound to, the message's public key included. */
  readonly context: ReadonlyMap<string, string>;
  /** Names of the context that the message does not store, and its reader must bring. */
  readonly requiredContextNames: ReadonlySet<string>;
  readonly dataKey: PlaintextDataKey;
  readonly encryptedDataKeys: readonly EncryptedDataKey[];
  /** Of a suite that signs. */
  readonly signingKey: SigningKey | undefined;
}

/** What a message is decrypted with. Whoever asked for it disposes of it. */
export interface DecryptionMaterials extends Disposable {
  readonly dataKey: PlaintextDataKey;
  /** All that the data key is bound to: what the message stores, and what its reader brought. */
  readonly context: ReadonlyMap<string, string>;
  /** Names of the context that the message does not store. */
  readonly requiredContextNames: ReadonlySet<string>;
}

/** What is to be encrypted. */
export interface EncryptionRequest {
  readonly suite: Suite;
  readonly context: ReadonlyMap<string, string>;
  /** Bytes of the plaintext, or undefined when nobody knows. */
  readonly plaintextBytes: number | undefined;
}

/** What is to be decrypted: what its header says, not yet authenticated. */
export interface DecryptionRequest {
  readonly suite: Suite;
  /** As the header stores it. */
  readonly context: ReadonlyMap<string, string>;
  readonly encryptedDataKeys: readonly EncryptedDataKey[];
  /** What the caller says the context is, at least. */
  readonly expectedContext: ReadonlyMap<string, string>;
}

/** Where messages get their keys: a keyring behind it, a cache perhaps. AWS calls it a cryptographic materials manager. */
export interface MaterialsSource {
  /** @throws EnvelopeError KeyUnavailable */
  forEncryption(request: EncryptionRequest): Promise<EncryptionMaterials>;
  /** @throws EnvelopeError KeyUnavailable, ContextMismatch */
  forDecryption(request: DecryptionRequest): Promise<DecryptionMaterials>;
}
