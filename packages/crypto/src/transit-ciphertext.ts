import type { KeyObject } from "node:crypto";
import { tagBytes } from "./open-gcm.ts";
import { fillRandomPooled } from "./random.ts";
import type { TransitCipher } from "./transit/ciphers.ts";
import {
  encryptTransitFrom,
  type TransitInput,
  transitMaxKeyVersion,
  transitPrefix,
} from "./transit-ciphertext-internal.ts";

/** A Transit ciphertext, taken apart. */
export interface TransitCiphertext {
  readonly keyVersion: number;
  /** Of a symmetric key: nonce, ciphertext, tag (16 bytes). Of another: its ciphertext or signature. */
  readonly body: Buffer;
}

const versionPattern = /^[1-9][0-9]{0,9}$/;

/**
 * Encrypts as HashiCorp Vault and OpenBao do: `vault:vN:`, then base64 of nonce, ciphertext and tag (16 bytes), under the
 * material itself, with `associated_data` as AAD (OpenBao, sdk/helper/keysutil/policy.go, `SymmetricEncryptRaw` and
 * `EncryptWithFactory`).
 *
 * The nonce is random, as in the originals, unless it is given: so with nonces of 96 bits a key version has to be rotated
 * before 2^32 messages (NIST SP 800-38D section 8.3).
 *
 * @throws CryptoInvariantError when the key version is out of range
 */
export function encryptTransit(input: TransitInput): string {
  return encryptTransitFrom(fillRandomPooled, input);
}

/**
 * Takes a Transit ciphertext apart. Undefined unless it is `vault:v`, a decimal version from 1 to 2^31 - 1 without sign
 * or leading zero, `:`, and canonical padded base64; never throws. The originals also take
 * version 0 (as 1, from keys made before Vault 0.3) and line breaks within the base64.
 */
export function parseTransitCiphertext(text: string): TransitCiphertext | undefined {
  if (!text.startsWith(transitPrefix)) return undefined;
  const separator = text.indexOf(":", transitPrefix.length);
  if (separator < 0) return undefined;
  const version = text.slice(transitPrefix.length, separator);
  const keyVersion = versionPattern.test(version) ? Number(version) : 0;
  if (keyVersion < 1 || keyVersion > transitMaxKeyVersion) return undefined;
  const encoded = text.slice(separator + 1);
  const body = Buffer.from(encoded, "base64");
  // Node's decoder skips what it does not know; only the canonical text comes out again as it went in.
  if (body.length === 0 || body.toString("base64") !== encoded) return undefined;
  return { keyVersion, body };
}

/** What a Transit text of another kind than a ciphertext is: a signature, or an HMAC. */
export function formatTransit(
  keyVersion: number,
  bytes: Uint8Array,
  encoding: "base64" | "base64url" = "base64",
): string {
  return `${transitPrefix}${keyVersion}:${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(encoding)}`;
}

/**
 * Decrypts a parsed Transit ciphertext.
 *
 * @returns the plaintext in a fresh buffer, which the caller wipes, or undefined for every cause of failure alike
 */
export function decryptTransit(
  cipher: TransitCipher,
  { body }: TransitCiphertext,
  material: KeyObject,
  aad?: Uint8Array,
): Buffer | undefined {
  const { nonceBytes } = cipher;
  if (body.length < nonceBytes + tagBytes) return undefined;
  return cipher.open(material, body.subarray(0, nonceBytes), body.subarray(nonceBytes), aad);
}
