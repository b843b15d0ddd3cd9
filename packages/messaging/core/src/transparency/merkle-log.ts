import { emptyHash, leafHash, nodeHash } from "./tree-hash.ts";

/**
 * The hashes of whole subtrees: `get(level, index)` is that of the 2^level leaves from `index * 2^level` on. A log is
 * append-only, so that a hash is written once and never changes.
 */
export interface SubtreeHashes {
  get(level: number, index: number): Uint8Array;
  add(level: number, hash: Uint8Array): void;
  /** How many there are of a level. */
  count(level: number): number;
}

/** Hashes in memory. */
export function subtreesInMemory(): SubtreeHashes {
  const levels: Uint8Array[][] = [];
  return {
    get(level, index) {
      const hash = levels[level]?.[index];
      if (hash === undefined) throw new RangeError("this subtree is not whole yet");
      return hash;
    },
    add(level, hash) {
      levels[level] ??= [];
      levels[level].push(hash);
    },
    count: (level) => levels[level]?.length ?? 0,
  };
}

/**
 * An append-only log as a Merkle tree, with proofs that an entry is in it and that it only grew. Source: RFC 9162, section
 * 2.1 (RFC 6962 has the same tree). Costs of appending and of proofs are logarithmic.
 */
export class MerkleLog {
  readonly #subtrees: SubtreeHashes;

  constructor(subtrees: SubtreeHashes = subtreesInMemory()) {
    this.#subtrees = subtrees;
  }

  /** How many entries there are. */
  get size(): number {
    return this.#subtrees.count(0);
  }

  /** Adds an entry. @returns its index */
  append(entry: Uint8Array): number {
    const index = this.size;
    let hash = leafHash(entry);
    this.#subtrees.add(0, hash);
    for (let level = 0, position = index; position % 2 === 1; level++, position = (position - 1) / 2) {
      hash = nodeHash(this.#subtrees.get(level, position - 1), hash);
      this.#subtrees.add(level + 1, hash);
    }
    return index;
  }

  /** The hash of the tree of the first `size` entries. @throws {RangeError} when there are fewer */
  rootHash(size: number = this.size): Uint8Array {
    this.#checkSize(size);
    return size === 0 ? emptyHash() : this.#rangeHash(0, size);
  }

  /**
   * Proves that an entry is in the tree of the first `size` entries (RFC 9162, 2.1.3.1).
   *
   * @throws {RangeError} when it is not
   */
  inclusionProof(index: number, size: number = this.size): Uint8Array[] {
    this.#checkSize(size);
    if (!Number.isSafeInteger(index) || index < 0 || index >= size) throw new RangeError("no such entry in this tree");
    const proof: Uint8Array[] = [];
    for (let begin = 0, end = size; end - begin > 1; ) {
      const middle = begin + splitOf(end - begin);
      if (index < middle) {
        proof.unshift(this.#rangeHash(middle, end));
        end = middle;
      } else {
        proof.unshift(this.#rangeHash(begin, middle));
        begin = middle;
      }
    }
    return proof;
  }

  /**
   * Proves that the tree of `newSize` entries begins with that of `oldSize` (RFC 9162, 2.1.4.1).
   *
   * @throws {RangeError} when the sizes are not those of trees, one after the other
   */
  consistencyProof(oldSize: number, newSize: number = this.size): Uint8Array[] {
    this.#checkSize(newSize);
    if (!Number.isSafeInteger(oldSize) || oldSize < 0 || oldSize > newSize) throw new RangeError("no such older tree");
    const proof: Uint8Array[] = [];
    if (oldSize === 0 || oldSize === newSize) return proof;
    let begin = 0;
    let end = newSize;
    // Whether the part that is left is the whole old tree, whose hash the verifier has.
    let known = true;
    while (oldSize !== end) {
      const middle = begin + splitOf(end - begin);
      if (oldSize <= middle) {
        proof.unshift(this.#rangeHash(middle, end));
        end = middle;
      } else {
        proof.unshift(this.#rangeHash(begin, middle));
        begin = middle;
        known = false;
      }
    }
    if (!known) proof.unshift(this.#rangeHash(begin, end));
    return proof;
  }

  #checkSize(size: number): void {
    if (!Number.isSafeInteger(size) || size < 0 || size > this.size) throw new RangeError("the log has no such size");
  }

  /** Of a part that begins at a multiple of the power of two that holds it. */
  #rangeHash(begin: number, end: number): Uint8Array {
    const length = end - begin;
    const split = splitOf(length);
    if (split * 2 === length || length === 1) return this.#subtrees.get(levelOf(length), begin / length);
    const middle = begin + split;
    return nodeHash(this.#rangeHash(begin, middle), this.#rangeHash(middle, end));
  }
}

/** The largest power of two below a length of at least 2. Counted, since logarithms of large numbers are rounded. */
function splitOf(length: number): number {
  let split = 1;
  while (split * 2 < length) split *= 2;
  return split;
}

/** The exponent of a power of two. */
function levelOf(power: number): number {
  let level = 0;
  for (let length = 1; length < power; length *= 2) level++;
  return level;
}
