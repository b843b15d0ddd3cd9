import { sha256 } from "@noble/hashes/sha2.js";

/** The length of every hash in the tree. */
export const hashBytes = 32;

/** A leaf's hash; the first byte tells leaves from nodes (RFC 9162, 2.1.1). */
export function leafHash(entry: Uint8Array): Uint8Array {
  return sha256.create().update(Uint8Array.of(0)).update(entry).digest();
}

/** The hash of two subtrees together (RFC 9162, 2.1.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256.create().update(Uint8Array.of(1)).update(left).update(right).digest();
}

/** The hash of the tree without entries (RFC 9162, 2.1.1). */
export function emptyHash(): Uint8Array {
  return sha256(new Uint8Array(0));
}

/** Whether two hashes are the same. They are public, so that time does not matter. */
export function equalHashes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
