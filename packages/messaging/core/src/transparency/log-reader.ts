import { base64OfBytes, bytesOfBase64 } from "../base64.ts";
import { emptyHash, leafHash, nodeHash } from "./tree-hash.ts";

/** What somebody keeps who reads a log from its beginning: how far, and the roots of the whole subtrees up to there. */
export interface ReadLog {
  readonly size: number;
  /** Base64, by level: the subtree of 2^level leaves where the size has that bit, else null. */
  readonly subtrees: readonly (string | null)[];
}

/** Nothing read yet. */
export const unreadLog: ReadLog = { size: 0, subtrees: [] };

/** Reads entries that follow. Source: RFC 9162, 2.1.2, which computes a root in the same steps. */
export function readEntries({ size, subtrees }: ReadLog, entries: readonly Uint8Array[]): ReadLog {
  const levels = subtrees.map((hash) => (hash === null ? null : bytesOfBase64(hash)!));
  for (const entry of entries) {
    let hash = leafHash(entry);
    let level = 0;
    for (let left = levels[level]; left; left = levels[level]) {
      hash = nodeHash(left, hash);
      levels[level] = null;
      level++;
    }
    levels[level] = hash;
  }
  return { size: size + entries.length, subtrees: levels.map((hash) => (hash ? base64OfBytes(hash) : null)) };
}

/** The root hash of what was read. */
export function rootOfRead({ subtrees }: ReadLog): Uint8Array {
  let root: Uint8Array | undefined;
  for (const text of subtrees) {
    const hash = text === null ? undefined : bytesOfBase64(text);
    if (hash !== undefined) root = root === undefined ? hash : nodeHash(hash, root);
  }
  return root ?? emptyHash();
}
