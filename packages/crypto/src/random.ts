import { randomFillSync, randomUUID } from "node:crypto";
import { invariant } from "./invariant.ts";

/** Writes random bytes into `target` from `start` up to, not including, `end`. */
export type RandomFill = (target: Buffer, start: number, end: number) => void;

// 128 message nonces a refill: the call into OpenSSL costs as much as the rest of an encryption's bookkeeping.
const poolBytes = 4096;
// Larger requests would empty the pool, and gain nothing from it.
const pooledMaxBytes = 256;
const nonceMinBytes = 12;

const pool = Buffer.allocUnsafeSlow(poolBytes);
let poolOffset = poolBytes;

/**
 * Fills part of a buffer from the pool. Bytes that were handed out are wiped from the pool, so none comes twice. Each
 * worker thread has its own pool. A virtual machine must not be cloned while it runs: the clones would share what is
 * left in the pool, and the state of OpenSSL's generator as well.
 */
export const fillRandomPooled: RandomFill = (target, start, end) => {
  const bytes = end - start;
  if (bytes > pooledMaxBytes) {
    randomFillSync(target, start, bytes);
    return;
  }
  if (poolOffset + bytes > poolBytes) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  pool.copy(target, start, poolOffset, poolOffset + bytes);
  pool.fill(0, poolOffset, poolOffset + bytes);
  poolOffset += bytes;
};

/** Random bytes for public values (nonces, salts, tokens to be hashed), in a fresh buffer. Keys: `SecretBytes.random`. */
export function randomBytesPooled(byteLength: number): Buffer {
  invariant(Number.isSafeInteger(byteLength) && byteLength >= 0, "a length is a whole number of bytes");
  const bytes = Buffer.allocUnsafe(byteLength);
  fillRandomPooled(bytes, 0, byteLength);
  return bytes;
}

/** A random nonce of at least 12 bytes, in a fresh buffer: shorter ones repeat too soon (NIST SP 800-38D section 8.2.2). */
export function randomNonce(byteLength: number): Buffer {
  invariant(byteLength >= nonceMinBytes, "a random nonce has at least 12 bytes");
  return randomBytesPooled(byteLength);
}

/** A random UUID, version 4, lowercase (RFC 9562 section 5.4). */
export function randomId(): string {
  return randomUUID();
}
