import type { KeyObject } from "node:crypto";
import { invariant } from "./invariant.ts";
import { tagBytes } from "./open-gcm.ts";
import type { RandomFill } from "./random.ts";
import type { TransitCipher } from "./transit/ciphers.ts";

/** What goes into a Transit ciphertext. */
export interface TransitInput {
  readonly cipher: TransitCipher;
  /** The key version's material, or what was derived of it: it encrypts directly. */
  readonly material: KeyObject;
  /** Of the cipher's length; random when absent. Only convergent encryption gives one. */
  readonly nonce?: Buffer | undefined;
  /** 1 to 2^31 - 1. */
  readonly keyVersion: number;
  readonly plaintext: Uint8Array;
  /** Transit's `associated_data`, decoded. */
  readonly aad?: Uint8Array;
}

/** What a Transit ciphertext starts with, before its version. */
export const transitPrefix = "vault:v";
/** A version fits a signed 32-bit number in the clients. */
export const transitMaxKeyVersion = 0x7fff_ffff;

/** `encryptTransit` with the source of the nonce as a parameter, so that vectors can be frozen. Not exported from the package. */
export function encryptTransitFrom(fillRandom: RandomFill, input: TransitInput): string {
  const { cipher, material, keyVersion, plaintext, nonce, aad } = input;
  invariant(
    Number.isInteger(keyVersion) && keyVersion >= 1 && keyVersion <= transitMaxKeyVersion,
    "a Transit key version is from 1 to 2^31 - 1",
  );
  const { nonceBytes } = cipher;
  const body = Buffer.allocUnsafe(nonceBytes + plaintext.length + tagBytes);
  if (nonce === undefined) fillRandom(body, 0, nonceBytes);
  else body.set(nonce.subarray(0, nonceBytes));
  cipher.seal(material, body.subarray(0, nonceBytes), plaintext, aad, body);
  return `${transitPrefix}${keyVersion}:${body.toString("base64")}`;
}
