import { platform } from "#platform";
import { isBytes } from "../byte-queue.ts";
import { utf8 } from "../bytes.ts";
import type { KmsClient } from "../clients/kms-client.ts";
import { PlaintextDataKey } from "../data-key.ts";
import { decryptionFailed, EnvelopeError, invalidInput } from "../errors.ts";
import { answersFor } from "../keyrings/kms-arn.ts";
import { ivBytes } from "../message/header.ts";
import { derOfKey } from "../pem.ts";
import { base64Url } from "./base64-url.ts";
import { type JweRecipient, maxRecipients } from "./parse-jwe.ts";

/** An RSA key of KMS that a JWE is for. */
export interface JweRsaPublicKey {
  /** PEM, or DER as bytes, as GetPublicKey gives it. */
  readonly publicKey: string | Uint8Array;
  /** The key's ARN, or another name: its reader finds its key by it. */
  readonly keyId: string;
}

/** How a JWE for RSA keys is made. */
export interface EncryptJweForRsaOptions {
  /** Each can decrypt. With several, the JWE is of the general JSON serialization. 1 to 32. */
  readonly keys: readonly JweRsaPublicKey[];
  /** The header parameter `typ`. */
  readonly type?: string;
}

/** An RSA key of KMS that decrypts. */
export interface JweRsaKey {
  readonly client: Pick<KmsClient, "decrypt">;
  /** The key's ARN, id or alias. Where recipients of a message have this very name, only they are tried. */
  readonly keyId: string;
}

const alg = "RSA-OAEP-256";
const contentKeyBytes = 32;

/**
 * Encrypts into a JWE for RSA keys whose private halves stay in KMS, without a call. Any library that knows RSA-OAEP-256
 * and A256GCM makes the like. A message tells nothing about its writer: anybody has the public keys. Source: RFC 7518,
 * section 4.3.
 *
 * @throws EnvelopeError InvalidInput
 */
export async function encryptJweForRsa(
  plaintext: Uint8Array | string,
  { keys, type }: EncryptJweForRsaOptions,
): Promise<string> {
  const bytes = typeof plaintext === "string" ? utf8(plaintext) : plaintext;
  if (!isBytes(bytes)) throw invalidInput("The plaintext is neither a Uint8Array nor a text.");
  const [only, ...others] = keys;
  if (only === undefined || keys.length > maxRecipients) throw invalidInput(`A JWE is for 1 to ${maxRecipients} keys.`);
  const compact = others.length === 0;
  const parameters = {
    alg,
    enc: "A256GCM",
    ...(compact && { kid: only.keyId }),
    ...(type !== undefined && { typ: type }),
  };
  const header = base64Url(utf8(JSON.stringify(parameters)));
  using contentKey = PlaintextDataKey.takeFrom(platform.randomBytes(contentKeyBytes));
  const wrapped = await Promise.all(keys.map((key) => wrapFor(key, contentKey)));
  const iv = platform.randomBytes(ivBytes);
  const key = await contentKey.use((inside) => platform.aesGcmKey(inside));
  const sealed = await key.seal(iv, utf8(header), bytes);
  const [ivText, ciphertext, tag] = [iv, sealed.ciphertext, sealed.tag].map(base64Url);
  if (compact) return [header, wrapped[0], ivText, ciphertext, tag].join(".");
  const recipients = keys.map(({ keyId }, index) => ({ header: { kid: keyId }, encrypted_key: wrapped[index] }));
  return JSON.stringify({ protected: header, recipients, iv: ivText, ciphertext, tag });
}

async function wrapFor({ publicKey }: JweRsaPublicKey, contentKey: PlaintextDataKey): Promise<string> {
  const key = await platform.rsaEncryptionKey(derOfKey(publicKey, "PUBLIC KEY"), "oaep-sha256");
  return base64Url(await contentKey.use((bytes) => key.encrypt(bytes)));
}

/**
 * Unwraps a content key by whichever of the keys it was wrapped for.
 *
 * @throws EnvelopeError KeyUnavailable, DecryptionFailed
 */
export async function unwrapWithRsa(
  recipients: readonly JweRecipient[],
  keys: readonly JweRsaKey[],
): Promise<PlaintextDataKey> {
  const pairs = recipients
    .filter(({ header }) => header["alg"] === alg)
    .flatMap(({ header, wrappedKey }) => keys.map((key) => ({ key, wrappedKey, named: header["kid"] === key.keyId })));
  const named = pairs.filter((pair) => pair.named);
  const problems: string[] = [];
  for (const { key, wrappedKey } of named.length > 0 ? named : pairs.slice(0, maxRecipients)) {
    const contentKey = await unwrap(key, wrappedKey);
    if (contentKey instanceof PlaintextDataKey) return contentKey;
    problems.push(`${key.keyId}: ${contentKey}`);
  }
  throw new EnvelopeError("KeyUnavailable", `No key decrypts the message: ${problems.join("; ")}.`, { problems });
}

/** @returns the content key, or why there is none */
async function unwrap({ client, keyId }: JweRsaKey, ciphertext: Uint8Array): Promise<PlaintextDataKey | string> {
  const input = { KeyId: keyId, CiphertextBlob: ciphertext, EncryptionAlgorithm: "RSAES_OAEP_SHA_256" } as const;
  let answer: Awaited<ReturnType<KmsClient["decrypt"]>>;
  try {
    answer = await client.decrypt(input);
  } catch (error) {
    return error instanceof Error ? error.message : "the key server refused";
  }
  const contentKey = PlaintextDataKey.takeFrom(answer.Plaintext ?? new Uint8Array(0));
  if (answersFor(keyId, answer.KeyId) && contentKey.byteLength === contentKeyBytes) return contentKey;
  contentKey.dispose();
  if (!answersFor(keyId, answer.KeyId)) return `the key server answered with another key, ${answer.KeyId}`;
  // The public key's owner is anybody: a key of another length is damage like any.
  throw decryptionFailed();
}
