import { createCipheriv, type KeyObject } from "node:crypto";
import { invariant } from "./invariant.ts";
import type { RandomFill } from "./random.ts";

/** What goes into a Transit ciphertext. */
export interface TransitInput {
  /** The key version's material, 32 bytes: it encrypts directly. */
  readonly material: KeyObject;
  /** 1 to 2^31 - 1. */
  readonly keyVersion: number;
  readonly plaintext: Uint8Array;
  /** Transit's `associated_data`, decoded. */
  readonly aad?: Uint8Array;
}

/** What a Transit ciphertext starts with, before its version. */
export const transitPrefix = "vault:v";
/** The layout of the decoded body: nonce, ciphertext, tag. */
export const transitNonceBytes = 12;
export const transitTagBytes = 16;
/** A version fits a signed 32-bit number in the clients. */
export const transitMaxKeyVersion = 0x7fff_ffff;

/** `encryptTransit` with the source of the nonce as a parameter, so that vectors can be frozen. Not exported from the package. */
export function encryptTransitFrom(fillRandom: RandomFill, input: TransitInput): string {
  const { material, keyVersion, plaintext, aad } = input;
  invariant(
    Number.isInteger(keyVersion) && keyVersion >= 1 && keyVersion <= transitMaxKeyVersion,
    "a Transit key version is from 1 to 2^31 - 1",
  );
  const body = Buffer.allocUnsafe(transitNonceBytes + plaintext.length + transitTagBytes);
  fillRandom(body, 0, transitNonceBytes);
  const cipher = createCipheriv("aes-256-gcm", material, body.subarray(0, transitNonceBytes));
  if (aad !== undefined) cipher.setAAD(aad);
  body.set(cipher.update(plaintext), transitNonceBytes);
  cipher.final();
  body.set(cipher.getAuthTag(), transitNonceBytes + plaintext.length);
  return `${transitPrefix}${keyVersion}:${body.toString("base64")}`;
}
