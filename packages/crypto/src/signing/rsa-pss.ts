import { constants, hash, verify } from "node:crypto";
import { timingSafeEqualBytes } from "../digest.ts";
import { invariant } from "../invariant.ts";
import { signOffLoop } from "../off-loop/off-loop.ts";
import { randomBytesPooled } from "../random.ts";
import { assertMessage } from "./message.ts";
import { signOnPool } from "./native.ts";
import type { SigningAlgorithmRow } from "./row.ts";
import { modulusBytes, recoverEncoded } from "./rsa-raw.ts";

/** RSASSA-PSS (RFC 8017 section 8.1), MGF1 with the same hash and a salt of the hash's length, as AWS KMS has it. */
export const rsaPssRows: readonly SigningAlgorithmRow[] = [
  pss("RSASSA_PSS_SHA_256", "sha256", 32),
  pss("RSASSA_PSS_SHA_384", "sha384", 48),
  pss("RSASSA_PSS_SHA_512", "sha512", 64),
];

function pss(name: string, hashName: string, hashBytes: number): SigningAlgorithmRow {
  const messageTypes: SigningAlgorithmRow["messageTypes"] = new Map([
    ["RAW", undefined],
    ["DIGEST", hashBytes],
  ]);
  // The length in numbers: OpenSSL's own word for "the hash's" takes any salt when it verifies.
  const options = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: hashBytes };
  return {
    name,
    messageTypes,
    sign(privateKey, message, type) {
      assertMessage(messageTypes, message, type);
      if (type === "RAW") return signOnPool(hashName, message, { key: privateKey, ...options });
      return signOffLoop("rsa", privateKey, encodePss(hashName, message, message.length, modulusBytes(privateKey)));
    },
    verify(publicKey, message, type, signature) {
      assertMessage(messageTypes, message, type);
      // OpenSSL takes a signature whose leading zero bytes are left out; RFC 8017 section 8.1.2 step 1 does not.
      if (signature.length !== modulusBytes(publicKey)) return false;
      if (type === "RAW") return verify(hashName, message, { key: publicKey, ...options }, signature);
      const encoded = recoverEncoded(publicKey, signature);
      return encoded !== undefined && isPssEncoding(hashName, message, message.length, encoded);
    },
  };
}

// All moduli here have whole bytes, so an encoded message has one bit less than it has room for (emBits = 8 emLen - 1).
const topBit = 0x80;
const trailer = 0xbc;

/** The longest salt that an encoded message has room for. */
export function maxSaltBytes(digestBytes: number, encodedBytes: number): number {
  return encodedBytes - digestBytes - 2;
}

/** EMSA-PSS-ENCODE (RFC 8017 section 9.1.1) from the digest on: masked (00... | 01 | salt) | H | BC. */
export function encodePss(hashName: string, digest: Uint8Array, saltBytes: number, encodedBytes: number): Buffer {
  const salt = randomBytesPooled(saltBytes);
  const dbBytes = encodedBytes - digest.length - 1;
  invariant(dbBytes >= salt.length + 1, "the modulus has room for the digest and its salt");
  const h = hashSalted(hashName, digest, salt);
  const db = Buffer.alloc(dbBytes);
  db[dbBytes - salt.length - 1] = 1;
  db.set(salt, dbBytes - salt.length);
  return Buffer.concat([mask(hashName, db, h), h, Buffer.of(trailer)]);
}

/**
 * EMSA-PSS-VERIFY (RFC 8017 section 9.1.2) from the digest on.
 *
 * @param saltBytes undefined when any length will do
 */
export function isPssEncoding(
  hashName: string,
  digest: Uint8Array,
  saltBytes: number | undefined,
  encoded: Buffer,
): boolean {
  const dbBytes = encoded.length - digest.length - 1;
  if (dbBytes < 1 || encoded[encoded.length - 1] !== trailer || (encoded[0] ?? topBit) >= topBit) return false;
  const h = encoded.subarray(dbBytes, -1);
  const db = mask(hashName, encoded.subarray(0, dbBytes), h);
  const saltOffset = saltBytes === undefined ? db.findIndex((byte) => byte !== 0) + 1 : dbBytes - saltBytes;
  if (saltOffset < 1) return false;
  if (db.subarray(0, saltOffset - 1).some((byte) => byte !== 0) || db[saltOffset - 1] !== 1) return false;
  return timingSafeEqualBytes(h, hashSalted(hashName, digest, db.subarray(saltOffset)));
}

/** H of RFC 8017 section 9.1.1, steps 5 and 6. */
function hashSalted(hashName: string, digest: Uint8Array, salt: Uint8Array): Buffer {
  return hash(hashName, Buffer.concat([Buffer.alloc(8), digest, salt]), "buffer");
}

/** Adds MGF1 of the seed (RFC 8017 appendix B.2.1) and clears the bit that there is no room for. */
function mask(hashName: string, db: Uint8Array, seed: Uint8Array): Buffer {
  const masked = Buffer.from(db);
  for (let offset = 0, counter = 0; offset < masked.length; offset += seed.length, counter++) {
    const block = Buffer.concat([seed, Buffer.of(0, 0, 0, counter)]);
    const bits = hash(hashName, block, "buffer");
    const end = Math.min(masked.length - offset, bits.length);
    for (let i = 0; i < end; i++) masked[offset + i] = (masked[offset + i] ?? 0) ^ (bits[i] ?? 0);
  }
  masked[0] = (masked[0] ?? 0) & (topBit - 1);
  return masked;
}
