import type { KeyObject } from "node:crypto";
import { openGcm } from "./open-gcm.ts";
import { fillRandomPooled } from "./random.ts";
import {
  encryptTransitFrom,
  type TransitInput,
  transitMaxKeyVersion,
  transitNonceBytes,
  transitPrefix,
  transitTagBytes,
} from "./transit-ciphertext-internal.ts";

/** A Transit ciphertext, taken apart. */
export interface TransitCiphertext {
  readonly keyVersion: number;
  /** Nonce (12 bytes), ciphertext, tag (16 bytes). */
  readonly body: Buffer;
}

const versionPattern = /^[1-9][0-9]{0,9}$/;

/**
 * Encrypts as HashiCorp Vault and OpenBao do for the key type `aes256-gcm96`: `vault:vN:`, then base64 of nonce (12
 * bytes), AES-256-GCM ciphertext and tag (16 bytes), under the material itself, with `associated_data` as AAD (OpenBao,
 * sdk/helper/keysutil/policy.go, `SymmetricEncryptRaw` and `EncryptWithFactory`).
 *
 * The nonce is random, as in the originals, so a key version has to be rotated before 2^32 messages (NIST SP 800-38D
 * section 8.3).
 *
 * @throws CryptoInvariantError when the key version is out of range
 */
export function encryptTransit(input: TransitInput): string {
  return encryptTransitFrom(fillRandomPooled, input);
}

/**
 * Takes a Transit ciphertext apart. Undefined unless it is `vault:v`, a decimal version from 1 to 2^31 - 1 without sign
 * or leading zero, `:`, and canonical padded base64 of at least nonce and tag; never throws. The originals also take
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
  if (body.length < transitNonceBytes + transitTagBytes || body.toString("base64") !== encoded) return undefined;
  return { keyVersion, body };
}

/**
 * Decrypts a parsed Transit ciphertext.
 *
 * @returns the plaintext in a fresh buffer, which the caller wipes, or undefined for every cause of failure alike
 */
export function decryptTransit(parsed: TransitCiphertext, material: KeyObject, aad?: Uint8Array): Buffer | undefined {
  const { body } = parsed;
  const tagOffset = body.length - transitTagBytes;
  return openGcm(material, {
    iv: body.subarray(0, transitNonceBytes),
    ciphertext: body.subarray(transitNonceBytes, tagOffset),
    tag: body.subarray(tagOffset),
    aad,
  });
}
