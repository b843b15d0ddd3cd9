import type { KmsClient, KmsKeyMaker, KmsRsaSpec } from "../clients/kms-client.ts";
import { type EncryptionContext, parseContext } from "../encryption-context.ts";
import { EnvelopeError, invalidInput } from "../errors.ts";
import { ExpiringCache } from "../expiring-cache.ts";
import { parseLimit } from "../options.ts";
import type { RsaDecryptionKey, RsaPadding } from "../platform/platform.ts";
import type { Keyring } from "./keyring.ts";
import { answersFor } from "./kms-arn.ts";
import { problemOf } from "./problem.ts";
import type { RawKeyName } from "./raw-key-name.ts";
import { importPrivateKey, rsaKeyring } from "./raw-rsa.ts";

/** An RSA pair whose private half a key of KMS wrapped. Nothing of it is secret: keep it where the messages are. */
export interface DataKeyPair {
  /** A SubjectPublicKeyInfo in DER. */
  readonly publicKey: Uint8Array;
  readonly privateKeyCiphertext: Uint8Array;
  /** The ARN of the key that wrapped it. */
  readonly keyId: string;
}

/** What pair to make. */
export interface GenerateDataKeyPairOptions {
  readonly client: KmsKeyMaker;
  /** A symmetric key: its ARN, its id, or `alias/NAME`. */
  readonly keyId: string;
  /** Default `RSA_3072`. */
  readonly spec?: KmsRsaSpec;
  /** What the wrapped private key is bound to; the keyring must be given the same. */
  readonly context?: EncryptionContext;
  readonly grantTokens?: readonly string[];
}

/**
 * Makes an RSA pair in the key server. Its private half leaves wrapped alone.
 *
 * @throws EnvelopeError ServiceRefused, ServiceUnavailable
 */
export async function generateDataKeyPair(options: GenerateDataKeyPairOptions): Promise<DataKeyPair> {
  const { client, keyId, spec = "RSA_3072" } = options;
  const answer = await client.generateDataKeyPairWithoutPlaintext({ ...inputOf(options, keyId), KeyPairSpec: spec });
  const { KeyId, PublicKey, PrivateKeyCiphertextBlob } = answer;
  if (!answersFor(keyId, KeyId) || PublicKey === undefined || PrivateKeyCiphertextBlob === undefined) {
    throw new EnvelopeError(
      "ServiceRefused",
      "The key server's answer to GenerateDataKeyPairWithoutPlaintext is not what the API says.",
    );
  }
  return { publicKey: PublicKey, privateKeyCiphertext: PrivateKeyCiphertextBlob, keyId: KeyId };
}

/** A pair, or the part of it that is needed. */
export interface DataKeyPairKeyringOptions extends RawKeyName {
  /** Encrypts, without a call. */
  readonly publicKey?: string | Uint8Array;
  /** With it and a client, it decrypts. */
  readonly wrappedPrivateKey?: WrappedPrivateKey;
  /** Default `oaep-sha256`. */
  readonly padding?: RsaPadding;
}

/** A private key of a pair, and the server that unwraps it. */
export interface WrappedPrivateKey extends Pick<DataKeyPair, "keyId" | "privateKeyCiphertext"> {
  readonly client: KmsClient;
  /** What it was bound to when it was made. */
  readonly context?: EncryptionContext;
  readonly grantTokens?: readonly string[];
  /** How long one Decrypt serves; a caller who loses access decrypts that long. Default one hour. */
  readonly maxAgeMs?: number;
}

const defaultMaxAgeMs = 3_600_000;

/**
 * Wraps data keys with an RSA pair that KMS made: encrypting needs the public key and no call, decrypting one Decrypt of
 * the private key for all messages. The encrypted data keys are those of a raw RSA keyring, so that who has the private key
 * reads them everywhere. The private key is in memory as a key of the platform, not as bytes.
 *
 * @throws EnvelopeError InvalidInput
 */
export function dataKeyPairKeyring(options: DataKeyPairKeyringOptions): Keyring {
  const { publicKey, wrappedPrivateKey: wrapped, padding = "oaep-sha256" } = options;
  if (publicKey === undefined && wrapped === undefined) {
    throw invalidInput("A keyring of a data key pair has a public key, a wrapped private key or both.");
  }
  const named = { namespace: options.namespace, name: options.name, padding };
  const privateKey = wrapped === undefined ? async () => "it has no private key" : unwrapOnce(wrapped, padding);
  return rsaKeyring(publicKey === undefined ? named : { ...named, publicKey }, privateKey);
}

function unwrapOnce(wrapped: WrappedPrivateKey, padding: RsaPadding): () => Promise<RsaDecryptionKey | string> {
  const maxAgeMs = parseLimit("maxAgeMs", wrapped.maxAgeMs ?? defaultMaxAgeMs);
  const cache = new ExpiringCache<RsaDecryptionKey>({ maxAgeMs, maxEntries: 1, dispose: () => {} });
  const input = { ...inputOf(wrapped, wrapped.keyId), CiphertextBlob: wrapped.privateKeyCiphertext };
  const load = async () => {
    const { Plaintext, KeyId } = await wrapped.client.decrypt(input);
    if (Plaintext === undefined) throw new Error("the key server answered without a plaintext");
    if (answersFor(wrapped.keyId, KeyId)) return importPrivateKey(Plaintext, padding);
    Plaintext.fill(0);
    throw new Error(`the key server answered with another key, ${KeyId}`);
  };
  return async () => {
    try {
      return await cache.use("private", load, (key) => key);
    } catch (error) {
      return problemOf(error);
    }
  };
}

function inputOf(
  { context = {}, grantTokens }: Pick<GenerateDataKeyPairOptions, "context" | "grantTokens">,
  keyId: string,
) {
  return {
    KeyId: keyId,
    EncryptionContext: Object.fromEntries(parseContext(context)),
    ...(grantTokens === undefined ? {} : { GrantTokens: [...grantTokens] }),
  };
}
