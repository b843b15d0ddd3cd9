import type { KeyObject } from "node:crypto";
import {
  decryptTransit,
  encryptTransit,
  type TransitCiphertext as ParsedCiphertext,
  parseTransitCiphertext,
} from "@coffer/crypto";
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
  | "versionTooLow";

export type TransitResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: TransitFailure };

export interface TransitPlaintextItem {
  readonly plaintext: Uint8Array;
  readonly aad?: Uint8Array | undefined;
  /** 0 or absent: the latest. */
  readonly keyVersion?: number | undefined;
}

export interface TransitCiphertextItem {
  readonly ciphertext: string;
  readonly aad?: Uint8Array | undefined;
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

/** Encrypts one item in Transit's format (Vault API: Transit, encrypt data). */
export function encryptItem(key: KeyEntry, item: TransitPlaintextItem): Soon<TransitCiphertext> {
  const { currentVersion, transit } = key.record;
  const wanted = item.keyVersion === undefined || item.keyVersion === 0 ? currentVersion : item.keyVersion;
  if (!Number.isSafeInteger(wanted)) return failed("versionTooLow");
  if (wanted > currentVersion) return failed("versionTooHigh");
  // What is encrypted must decrypt, so the lowest version for decryption binds here too.
  if (wanted < Math.max(transit.minEncryptionVersion, transit.minDecryptionVersion)) return failed("versionTooLow");
  const material = key.cachedMaterial(wanted);
  if (material !== undefined) return encryptUnder(material, wanted, item);
  return key.material(wanted).then((loaded) => encryptUnder(loaded, wanted, item));
}

function encryptUnder(
  material: KeyObject | undefined,
  keyVersion: number,
  item: TransitPlaintextItem,
): TransitResult<TransitCiphertext> {
  if (material === undefined) return failed("versionUnknown");
  const { plaintext, aad } = item;
  const ciphertext = encryptTransit({ material, keyVersion, plaintext, ...(aad === undefined ? {} : { aad }) });
  return { ok: true, value: { ciphertext, keyVersion } };
}

/** Decrypts one item in Transit's format. Owner of the plaintext is the caller. */
export function decryptItem(key: KeyEntry, item: TransitCiphertextItem): Soon<Buffer> {
  const parsed = parseTransitCiphertext(item.ciphertext);
  if (parsed === undefined) return failed("ciphertextMalformed");
  const { keyVersion } = parsed;
  if (keyVersion > key.record.currentVersion) return failed("versionUnknown");
  if (keyVersion < key.record.transit.minDecryptionVersion) return failed("versionTooOld");
  const material = key.cachedMaterial(keyVersion);
  if (material !== undefined) return decryptUnder(material, parsed, item.aad);
  return key.material(keyVersion).then((loaded) => decryptUnder(loaded, parsed, item.aad));
}

function decryptUnder(
  material: KeyObject | undefined,
  parsed: ParsedCiphertext,
  aad: Uint8Array | undefined,
): TransitResult<Buffer> {
  if (material === undefined) return failed("versionUnknown");
  const plaintext = decryptTransit(parsed, material, aad);
  return plaintext === undefined ? failed("decryptionFailed") : { ok: true, value: plaintext };
}
