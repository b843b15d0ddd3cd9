import { createCipheriv } from "node:crypto";

/**
 * Makes one AES-256-GCM ciphertext and tag that are valid under two keys with the same IV and AAD: what a key commitment
 * has to refuse. With all but one ciphertext block fixed, both tags are linear in that block over GF(2^128), so it can be
 * solved for (Dodis, Grubbs, Ristenpart, Woodage: Fast Message Franking, CRYPTO 2018, section 3).
 *
 * @returns two ciphertext blocks and the tag, 48 bytes
 */
export function makeTwoKeyCiphertext(first: Buffer, second: Buffer, iv: Buffer, aad: Buffer): Buffer {
  const blocks = Buffer.alloc(32, 0x5a);
  blocks.fill(0, 16);
  // The last block weighs H squared in GHASH: it is followed by the block of lengths alone.
  const difference = tagOf(first, iv, aad, blocks) ^ tagOf(second, iv, aad, blocks);
  const weight = square(hashKey(first)) ^ square(hashKey(second));
  blocks.set(toBytes(multiply(difference, invert(weight))), 16);
  return Buffer.concat([blocks, toBytes(tagOf(first, iv, aad, blocks))]);
}

function gcm(key: Buffer, iv: Buffer, aad: Buffer, plaintext: Buffer): { ciphertext: Buffer; tag: Buffer } {
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  cipher.setAAD(aad);
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return { ciphertext, tag: cipher.getAuthTag() };
}

/** The tag that a key gives to a ciphertext: encrypting twice turns the ciphertext into its plaintext. */
function tagOf(key: Buffer, iv: Buffer, aad: Buffer, ciphertext: Buffer): bigint {
  const plaintext = gcm(key, iv, aad, ciphertext).ciphertext;
  return toField(gcm(key, iv, aad, plaintext).tag);
}

function hashKey(key: Buffer): bigint {
  return toField(createCipheriv("aes-256-ecb", key, null).update(Buffer.alloc(16)));
}

function toField(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString("hex")}`);
}

function toBytes(element: bigint): Buffer {
  return Buffer.from(element.toString(16).padStart(32, "0"), "hex");
}

/** NIST SP 800-38D section 6.3: the leftmost bit is the coefficient of x^0. */
function multiply(x: bigint, y: bigint): bigint {
  const reduction = 0xe1n << 120n;
  let product = 0n;
  let shifted = y;
  for (let bit = 127n; bit >= 0n; bit--) {
    if ((x >> bit) & 1n) product ^= shifted;
    shifted = shifted & 1n ? (shifted >> 1n) ^ reduction : shifted >> 1n;
  }
  return product;
}

function square(x: bigint): bigint {
  return multiply(x, x);
}

/** x^(2^128 - 2). */
function invert(x: bigint): bigint {
  let power = x;
  let inverse = 1n << 127n;
  for (let i = 1; i < 128; i++) {
    power = square(power);
    inverse = multiply(inverse, power);
  }
  return inverse;
}
