import { emptyHash, equalHashes, hashBytes, nodeHash } from "./tree-hash.ts";

/** Hashes of a proof at most: more entries than 2^53 - 1 no log has. */
const maxProofHashes = 64;

/** What is claimed of an entry. */
export interface InclusionClaim {
  readonly leafHash: Uint8Array;
  readonly index: number;
  readonly treeSize: number;
  readonly rootHash: Uint8Array;
}

/**
 * Whether a proof shows that an entry is in a tree. Source: RFC 9162, 2.1.3.2.
 *
 * @returns false for any proof that does not, whatever is in it
 */
export function verifyInclusion(claim: InclusionClaim, proof: readonly Uint8Array[]): boolean {
  const { index, treeSize, rootHash } = claim;
  if (!isSize(index) || !isSize(treeSize) || index >= treeSize || !isProof(proof)) return false;
  let position = index;
  let last = treeSize - 1;
  let hash = claim.leafHash;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      hash = nodeHash(sibling, hash);
      while (position % 2 === 0 && position !== 0) [position, last] = [position / 2, Math.floor(last / 2)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [position, last] = [Math.floor(position / 2), Math.floor(last / 2)];
  }
  return last === 0 && equalHashes(hash, rootHash);
}

/** What is claimed of two trees. */
export interface ConsistencyClaim {
  readonly oldSize: number;
  readonly oldRootHash: Uint8Array;
  readonly newSize: number;
  readonly newRootHash: Uint8Array;
}

/**
 * Whether a proof shows that the newer tree begins with the older one. Source: RFC 9162, 2.1.4.2.
 *
 * @returns false for any proof that does not, whatever is in it
 */
export function verifyConsistency(claim: ConsistencyClaim, proof: readonly Uint8Array[]): boolean {
  const { oldSize, oldRootHash, newSize, newRootHash } = claim;
  if (!isSize(oldSize) || !isSize(newSize) || oldSize > newSize || !isProof(proof)) return false;
  if (oldSize === 0) return proof.length === 0 && equalHashes(oldRootHash, emptyHash());
  if (oldSize === newSize) return proof.length === 0 && equalHashes(oldRootHash, newRootHash);
  const [first, ...rest] = isPowerOfTwo(oldSize) ? [oldRootHash, ...proof] : proof;
  if (first === undefined) return false;
  let [position, last] = [oldSize - 1, newSize - 1];
  while (position % 2 === 1) [position, last] = [(position - 1) / 2, Math.floor(last / 2)];
  let [oldHash, newHash] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      oldHash = nodeHash(sibling, oldHash);
      newHash = nodeHash(sibling, newHash);
      while (position % 2 === 0 && position !== 0) [position, last] = [position / 2, Math.floor(last / 2)];
    } else {
      newHash = nodeHash(newHash, sibling);
    }
    [position, last] = [Math.floor(position / 2), Math.floor(last / 2)];
  }
  return last === 0 && equalHashes(oldHash, oldRootHash) && equalHashes(newHash, newRootHash);
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isProof(proof: readonly Uint8Array[]): boolean {
  return proof.length <= maxProofHashes && proof.every((hash) => hash.length === hashBytes);
}

function isPowerOfTwo(value: number): boolean {
  let power = 1;
  while (power < value) power *= 2;
  return power === value;
}
