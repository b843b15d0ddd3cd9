import type { KeyObject } from "node:crypto";
import {
  decryptTransit,
  deriveTransitKey,
  encryptTransit,
  findEncryptionAlgorithm,
  findTransitCipher,
  formatTransit,
  hmacSha256,
  type TransitCiphertext as ParsedCiphertext,
  parseTransitCiphertext,
  SecretBytes,
  type TransitCipher,
  type TransitTypeRow,
} from "@coffer/crypto";
import { invariant } from "../../errors.ts";
import type { KeyEntry } from "../../keys/key-entry.ts";

/** Why one Transit item failed; the wire has Vault's words for each. */
export type TransitFailure =
  | "ciphertextMalformed"
  | "versionTooOld"
  | "versionUnknown"
  | "decryptionFailed"
  /** The wanted version for encryption is newer than the key's latest one. */
  | "versionTooHigh"
  /** The wanted version for encryption is negative, or older than the key allows. */
  | "versionTooLow"
  /** The key is derived for each context, and there is none. */
  | "contextMissing"
  /** Associated data for a key that is not of an AEAD. */
  | "aadUnsupported"
  /** The version was imported as a public key alone. */
  | "privateKeyMissing"
  /** An RSA key has no room for the plaintext. */
  | "plaintextTooLong";

export type TransitResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: TransitFailure };

export interface TransitPlaintextItem {
  readonly plaintext: Uint8Array;
  readonly aad?: Uint8Array | undefined;
  /** Of a derived key: what it is derived for. */
  readonly context?: Uint8Array | undefined;
  /** 0 or absent: the latest. */
  readonly keyVersion?: number | undefined;
}

export interface TransitCiphertextItem {
  readonly ciphertext: string;
  readonly aad?: Uint8Array | undefined;
  readonly context?: Uint8Array | undefined;
}

export interface TransitCiphertext {
  readonly ciphertext: string;
  readonly keyVersion: number;
}

function failed(failure: TransitFailure): { readonly ok: false; readonly failure: TransitFailure } {
  return { ok: false, failure };
}

/** A result, at once when the material is in memory. */
type Soon<T> = TransitResult<T> | Promise<TransitResult<T>>;

/** A key as Transit encrypts with it. Made once for a batch. */
export interface TransitEncryptionKey {
  readonly key: KeyEntry;
  /** Transit's name of its type. */
  readonly type: string;
  /** Absent for RSA keys. */
  readonly cipher: TransitCipher | undefined;
}

/** A key that Transit encrypts with. @param type its own */
export function encryptionKeyOf(key: KeyEntry, { encryption, type }: TransitTypeRow): TransitEncryptionKey {
  return { key, type, cipher: encryption === "aead" ? findTransitCipher(key.record.spec) : undefined };
}

/** Encrypts one item in Transit's format (Vault API: Transit, encrypt data). */
export function encryptItem(of: TransitEncryptionKey, item: TransitPlaintextItem): Soon<TransitCiphertext> {
  const { key } = of;
  const { currentVersion, transit } = key.record;
  const wanted = item.keyVersion === undefined || item.keyVersion === 0 ? currentVersion : item.keyVersion;
  if (!Number.isSafeInteger(wanted)) return failed("versionTooLow");
  if (wanted > currentVersion) return failed("versionTooHigh");
  // What is encrypted must decrypt, so the lowest version for decryption binds here too.
  if (wanted < Math.max(transit.minEncryptionVersion, transit.minDecryptionVersion)) return failed("versionTooLow");
  if (of.cipher === undefined) return key.publicKey(wanted).then((found) => encryptRsa(found, wanted, item));
  const material = key.cachedMaterial(wanted);
  if (material !== undefined) return encryptUnder(of, material, wanted, item);
  return key.material(wanted).then((loaded) => encryptUnder(of, loaded, wanted, item));
}

function encryptUnder(
  { key, cipher }: TransitEncryptionKey,
  material: KeyObject | undefined,
  keyVersion: number,
  item: TransitPlaintextItem,
): Soon<TransitCiphertext> {
  if (material === undefined) return failed("versionUnknown");
  const { plaintext, aad } = item;
  invariant(cipher !== undefined, "RSA keys encrypt by their public keys");
  if (key.record.transit.kdf !== undefined) return encryptDerived(key, cipher, material, keyVersion, item);
  const ciphertext = encryptTransit({ cipher, material, keyVersion, plaintext, ...(aad === undefined ? {} : { aad }) });
  return { ok: true, value: { ciphertext, keyVersion } };
}

const convergentHmacBytes = 32;

/** Under a key that is derived for the item's context; convergent ones derive the key of their nonces with it. */
function encryptDerived(
  { record }: KeyEntry,
  cipher: TransitCipher,
  material: KeyObject,
  keyVersion: number,
  { context, plaintext, aad }: TransitPlaintextItem,
): TransitResult<TransitCiphertext> {
  if (context === undefined || context.length === 0) return failed("contextMissing");
  const { kdf, convergentVersion } = record.transit;
  invariant(kdf !== undefined, "a derived key has a way to be derived");
  const { keyBytes } = cipher;
  const isConvergent = convergentVersion !== undefined;
  using derived = deriveTransitKey(kdf, material, context, keyBytes + (isConvergent ? convergentHmacBytes : 0));
  const ciphertext = derived.use((bytes) => {
    // OpenBao, sdk/helper/keysutil/policy.go: convergent version 3.
    const nonce = isConvergent ? hmacSha256(bytes.subarray(keyBytes), plaintext) : undefined;
    const own = firstBytes(derived, keyBytes);
    return encryptTransit({
      cipher,
      material: own,
      keyVersion,
      plaintext,
      nonce,
      ...(aad === undefined ? {} : { aad }),
    });
  });
  return { ok: true, value: { ciphertext, keyVersion } };
}

function firstBytes(secret: SecretBytes, count: number): KeyObject {
  if (secret.byteLength === count) return secret.toKeyObject();
  using first = secret.use((bytes) => SecretBytes.takeFrom(Buffer.from(bytes.subarray(0, count))));
  return first.toKeyObject();
}

/** RSAES-OAEP with SHA-256, as Transit has it. */
const oaep = findEncryptionAlgorithm("RSAES_OAEP_SHA_256");

async function encryptRsa(
  publicKey: KeyObject | undefined,
  keyVersion: number,
  { plaintext, aad }: TransitPlaintextItem,
): Promise<TransitResult<TransitCiphertext>> {
  invariant(oaep !== undefined, "RSA keys encrypt with OAEP");
  if (publicKey === undefined) return failed("versionUnknown");
  if (aad !== undefined && aad.length > 0) return failed("aadUnsupported");
  if (plaintext.length > oaep.maxPlaintextBytes(publicKey)) return failed("plaintextTooLong");
  const body = await oaep.encrypt(publicKey, plaintext);
  return { ok: true, value: { ciphertext: formatTransit(keyVersion, body), keyVersion } };
}

/** Decrypts one item in Transit's format. Owner of the plaintext is the caller. */
export function decryptItem(of: TransitEncryptionKey, item: TransitCiphertextItem): Soon<Buffer> {
  const { key } = of;
  const parsed = parseTransitCiphertext(item.ciphertext);
  if (parsed === undefined) return failed("ciphertextMalformed");
  const { keyVersion } = parsed;
  if (keyVersion > key.record.currentVersion) return failed("versionUnknown");
  if (keyVersion < key.record.transit.minDecryptionVersion) return failed("versionTooOld");
  if (of.cipher === undefined) return decryptRsa(key, parsed, item.aad);
  const material = key.cachedMaterial(keyVersion);
  if (material !== undefined) return decryptUnder(of, material, parsed, item);
  return key.material(keyVersion).then((loaded) => decryptUnder(of, loaded, parsed, item));
}

function decryptUnder(
  { key, cipher }: TransitEncryptionKey,
  material: KeyObject | undefined,
  parsed: ParsedCiphertext,
  { aad, context }: TransitCiphertextItem,
): Soon<Buffer> {
  if (material === undefined) return failed("versionUnknown");
  invariant(cipher !== undefined, "RSA keys decrypt by their private keys");
  const { kdf } = key.record.transit;
  if (kdf === undefined) return opened(decryptTransit(cipher, parsed, material, aad));
  if (context === undefined || context.length === 0) return failed("contextMissing");
  using derived = deriveTransitKey(kdf, material, context, cipher.keyBytes);
  return opened(decryptTransit(cipher, parsed, derived.toKeyObject(), aad));
}

function opened(plaintext: Buffer | undefined): TransitResult<Buffer> {
  return plaintext === undefined ? failed("decryptionFailed") : { ok: true, value: plaintext };
}

async function decryptRsa(
  key: KeyEntry,
  { body, keyVersion }: ParsedCiphertext,
  aad: Uint8Array | undefined,
): Promise<TransitResult<Buffer>> {
  invariant(oaep !== undefined, "RSA keys decrypt with OAEP");
  if (aad !== undefined && aad.length > 0) return failed("aadUnsupported");
  const material = await key.material(keyVersion);
  if (material === undefined) {
    return failed((await key.publicKey(keyVersion)) === undefined ? "versionUnknown" : "privateKeyMissing");
  }
  return opened(await oaep.decrypt(material, body));
}
