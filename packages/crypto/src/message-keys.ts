import { createHmac, type KeyObject } from "node:crypto";
import { invariant } from "./invariant.ts";

/** What one message needs; both buffers share one allocation. Whoever derived them wipes `encryptionKey`. */
export interface MessageKeys {
  /** 32 bytes, for AES-256. */
  readonly encryptionKey: Buffer;
  /** 32 bytes, public: ties the ciphertext to this key material and context. */
  readonly commitment: Buffer;
}

const counterBytes = 4;
const lengthBytes = 4;
const keyBytes = 32;
const outputBits = 512;
const labelPattern = /^[ -~]+$/;

/**
 * Derives a message's encryption key and commitment: NIST SP 800-108r1 section 4.1, counter mode, PRF HMAC-SHA512, one
 * block: HMAC(material, [1] || label || 0x00 || context || [512]), both numbers 32 bits, big-endian.
 *
 * @param material a secret key; for the commitment to bind it, one of a fixed length of at most 128 bytes
 * @param label what the keys are for: printable ASCII
 * @param context what makes the message unique
 */
export function deriveMessageKeys(material: KeyObject, label: string, context: Uint8Array): MessageKeys {
  invariant(labelPattern.test(label), "a label is printable ASCII: NUL would end it early");
  const input = Buffer.allocUnsafe(counterBytes + label.length + 1 + context.length + lengthBytes);
  let offset = counterBytes + input.write(label, counterBytes, "latin1");
  input[offset++] = 0;
  input.set(context, offset);
  input.writeUInt32BE(outputBits, offset + context.length);
  const block = deriveFirstBlock(material, input);
  return { encryptionKey: block.subarray(0, keyBytes), commitment: block.subarray(keyBytes) };
}

/**
 * The first block of the counter mode KDF, 64 bytes.
 *
 * @param input four bytes, into which the counter is written, then the fixed input data
 */
export function deriveFirstBlock(material: KeyObject, input: Buffer): Buffer {
  input.writeUInt32BE(1, 0);
  return createHmac("sha512", material).update(input).digest();
}
