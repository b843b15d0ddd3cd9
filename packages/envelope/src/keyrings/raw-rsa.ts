import { platform } from "#platform";
import { compareBytes, utf8 } from "../bytes.ts";
import { PlaintextDataKey } from "../data-key.ts";
import { EnvelopeError, invalidInput } from "../errors.ts";
import type { EncryptedDataKey } from "../materials/materials.ts";
import { derOfKey } from "../pem.ts";
import type { RsaDecryptionKey, RsaEncryptionKey, RsaPadding } from "../platform/platform.ts";
import { rsaPaddings } from "../platform/rsa-padding.ts";
import { generateAndWrap } from "./generate-and-wrap.ts";
import type { Keyring, UnwrapOutcome, WrapRequest } from "./keyring.ts";
import { checkRawKeyName, type RawKeyName } from "./raw-key-name.ts";

/** An RSA pair that the program has itself, or one half of it. */
export interface RawRsaKeyringOptions extends RawKeyName {
  /** Encrypts. A SubjectPublicKeyInfo: PEM, or DER as bytes. 2048 bits at least. Never derived from the private key. */
  readonly publicKey?: string | Uint8Array;
  /** Decrypts. A PKCS #8 PrivateKeyInfo: PEM, or DER as bytes, which stay the caller's to wipe. */
  readonly privateKey?: string | Uint8Array;
  readonly padding: RsaPadding;
}

/**
 * Wraps data keys with RSA. The context is not bound to the wrapped key (the message binds it), and whoever has the public
 * key can encrypt. Source: AWS Encryption SDK specification, framework/raw-rsa-keyring.md.
 *
 * @throws EnvelopeError InvalidInput; its methods too, when a key cannot be used
 */
export function rawRsaKeyring(options: RawRsaKeyringOptions): Keyring {
  const { publicKey, privateKey, padding } = options;
  if (publicKey === undefined && privateKey === undefined) {
    throw invalidInput("A raw RSA keyring has a public key, a private key or both.");
  }
  const decryption =
    privateKey === undefined ? undefined : importPrivateKey(derOfKey(privateKey, "PRIVATE KEY"), padding);
  // Told by the methods.
  decryption?.catch(() => {});
  return rsaKeyring(options, async () => {
    if (decryption === undefined) return "it has no private key";
    return decryption;
  });
}

/** Imports the key and wipes its bytes. @throws EnvelopeError InvalidInput */
export async function importPrivateKey(der: Uint8Array, padding: RsaPadding): Promise<RsaDecryptionKey> {
  try {
    return await platform.rsaDecryptionKey(der, padding);
  } finally {
    der.fill(0);
  }
}

/**
 * A keyring of an RSA pair, wherever its private half is.
 *
 * @param privateKey gives the private half, or says why there is none
 */
export function rsaKeyring(
  options: Omit<RawRsaKeyringOptions, "privateKey">,
  privateKey: () => Promise<RsaDecryptionKey | string>,
): Keyring {
  const { namespace, name, publicKey, padding } = options;
  checkRawKeyName(options);
  if (!rsaPaddings.has(padding)) throw invalidInput(`RSA has the paddings ${[...rsaPaddings.keys()].join(", ")}.`);
  const providerInfo = utf8(name);
  const encryption = importPublicKey(publicKey === undefined ? undefined : derOfKey(publicKey, "PUBLIC KEY"), padding);
  // Told by the methods.
  encryption.catch(() => {});
  const wrap = async (dataKey: PlaintextDataKey): Promise<readonly EncryptedDataKey[]> => {
    const key = await encryption;
    if (key === undefined) throw invalidInput(`The RSA key ${namespace}/${name} only decrypts: give its public key.`);
    return [{ providerId: namespace, providerInfo, ciphertext: await dataKey.use((bytes) => key.encrypt(bytes)) }];
  };
  return {
    generateDataKey: (request) => generateAndWrap(request, wrap),
    wrapDataKey: wrap,
    async unwrapDataKey(encryptedDataKeys, request) {
      const ours = encryptedDataKeys.filter(
        (candidate) => candidate.providerId === namespace && compareBytes(candidate.providerInfo, providerInfo) === 0,
      );
      const outcome = ours.length === 0 ? { problems: [] } : await unwrapFirst(ours, request, padding, privateKey);
      return {
        ...outcome,
        problems: outcome.problems.map((problem) => `the RSA key ${namespace}/${name}: ${problem}`),
      };
    },
  };
}

async function importPublicKey(
  der: Uint8Array | undefined,
  padding: RsaPadding,
): Promise<RsaEncryptionKey | undefined> {
  return der === undefined ? undefined : platform.rsaEncryptionKey(der, padding);
}

async function unwrapFirst(
  candidates: readonly EncryptedDataKey[],
  request: WrapRequest,
  padding: RsaPadding,
  privateKey: () => Promise<RsaDecryptionKey | string>,
): Promise<UnwrapOutcome> {
  const key = await privateKey();
  if (typeof key === "string") return { problems: [key] };
  const problems: string[] = [];
  for (const { ciphertext } of candidates) {
    const dataKey = await unwrap(key, ciphertext, request, padding);
    if (dataKey !== undefined) return { dataKey, problems };
    problems.push("does not unwrap it");
  }
  return { problems };
}

/**
 * A wrong padding of PKCS #1 v1.5 must look like any other damage, or the one who tells is an oracle that decrypts
 * (Bleichenbacher 1998; RFC 8017, 7.2.2; RFC 3218, 2.3.2): a random key takes the place of what was not unwrapped, and the
 * message's header is what fails.
 */
async function unwrap(
  key: RsaDecryptionKey,
  ciphertext: Uint8Array,
  { suite }: WrapRequest,
  padding: RsaPadding,
): Promise<PlaintextDataKey | undefined> {
  const instead = padding === "pkcs1" ? PlaintextDataKey.takeFrom(platform.randomBytes(suite.keyBytes)) : undefined;
  const dataKey = await open(key, ciphertext);
  if (dataKey?.byteLength === suite.keyBytes) {
    instead?.dispose();
    return dataKey;
  }
  dataKey?.dispose();
  return instead;
}

async function open(key: RsaDecryptionKey, ciphertext: Uint8Array): Promise<PlaintextDataKey | undefined> {
  try {
    return PlaintextDataKey.takeFrom(await key.decrypt(ciphertext));
  } catch (error) {
    if (error instanceof EnvelopeError && error.code === "DecryptionFailed") return undefined;
    throw error;
  }
}
