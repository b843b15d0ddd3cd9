import type { KeyObject } from "node:crypto";
import { decryptTransit, encryptTransit, parseTransitCiphertext } from "@coffer/crypto";
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

/** Encrypts one item in Transit's format (Vault API: Transit, encrypt data). */
export async function encryptItem(
  key: KeyEntry,
  item: TransitPlaintextItem,
): Promise<TransitResult<TransitCiphertext>> {
  const { currentVersion, transit } = key.record;
  const wanted = item.keyVersion === undefined || item.keyVersion === 0 ? currentVersion : item.keyVersion;
  if (wanted > currentVersion) return failed("versionTooHigh");
  // What is encrypted must decrypt, so the lowest version for decryption binds here too.
  if (wanted < Math.max(transit.minEncryptionVersion, transit.minDecryptionVersion)) return failed("versionTooLow");
  const material = key.cachedMaterial(wanted) ?? (await key.material(wanted));
  if (material === undefined) return failed("versionUnknown");
  return { ok: true, value: encryptUnder(material, wanted, item) };
}

function encryptUnder(material: KeyObject, keyVersion: number, item: TransitPlaintextItem): TransitCiphertext {
  const { plaintext, aad } = item;
  return {
    ciphertext: encryptTransit({ material, keyVersion, plaintext, ...(aad === undefined ? {} : { aad }) }),
    keyVersion,
  };
}

/** Decrypts one item in Transit's format. Owner of the plaintext is the caller. */
export async function decryptItem(key: KeyEntry, item: TransitCiphertextItem): Promise<TransitResult<Buffer>> {
  const parsed = parseTransitCiphertext(item.ciphertext);
  if (parsed === undefined) return failed("ciphertextMalformed");
  if (parsed.keyVersion > key.record.currentVersion) return failed("versionUnknown");
  if (parsed.keyVersion < key.record.transit.minDecryptionVersion) return failed("versionTooOld");
  const material = key.cachedMaterial(parsed.keyVersion) ?? (await key.material(parsed.keyVersion));
  if (material === undefined) return failed("versionUnknown");
  const plaintext = decryptTransit(parsed, material, item.aad);
  return plaintext === undefined ? failed("decryptionFailed") : { ok: true, value: plaintext };
}
