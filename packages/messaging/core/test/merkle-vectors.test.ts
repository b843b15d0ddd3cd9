import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { MerkleLog, verifyConsistency, verifyInclusion } from "@coffer/messaging/transparency";

interface Vectors {
  readonly sizes: readonly {
    readonly root: string;
    readonly inclusionDigest: string;
    readonly consistencyDigest: string;
  }[];
  readonly inclusion: readonly {
    readonly index: number;
    readonly size: number;
    readonly leaf: string;
    readonly root: string;
    readonly proof: readonly string[] | null;
    readonly valid: boolean;
  }[];
  readonly consistency: readonly {
    readonly oldSize: number;
    readonly size: number;
    readonly oldRoot: string;
    readonly root: string;
    readonly proof: readonly string[] | null;
    readonly valid: boolean;
  }[];
}

const vectors = JSON.parse(readFileSync(new URL("./vectors/merkle.json", import.meta.url), "utf8")) as Vectors;
const bytes = (base64: string) => Uint8Array.fromBase64(base64);

function digest(proofs: readonly (readonly Uint8Array[])[]): string {
  const hash = createHash("sha256");
  for (const each of proofs.flat()) hash.update(each);
  return hash.digest("base64");
}

describe("the Merkle log beside Go's transparency-dev/merkle", () => {
  const log = new MerkleLog();
  const entries = vectors.sizes.map((_, n) => new TextEncoder().encode(`entry ${n}`));
  for (const entry of entries) log.append(entry);

  it("has its roots and its proofs, of every entry and every two sizes", () => {
    assert.equal(vectors.sizes.length, 130);
    for (const [at, { consistencyDigest, inclusionDigest, root }] of vectors.sizes.entries()) {
      const size = at + 1;
      const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);
      assert.equal(log.rootHash(size).toBase64(), root, `root of ${size}`);
      assert.equal(digest(upTo(size).map((index) => log.inclusionProof(index, size))), inclusionDigest);
      assert.equal(digest(upTo(size).map((n) => log.consistencyProof(n + 1, size))), consistencyDigest);
    }
  });

  it("takes and refuses the proofs of entries that it does", () => {
    assert.ok(vectors.inclusion.some(({ valid }) => valid) && vectors.inclusion.some(({ valid }) => !valid));
    for (const probe of vectors.inclusion) {
      const { index, size, leaf, root, proof, valid } = probe;
      const claim = { index, treeSize: size, leafHash: bytes(leaf), rootHash: bytes(root) };
      assert.equal(verifyInclusion(claim, (proof ?? []).map(bytes)), valid, JSON.stringify(probe));
    }
  });

  it("takes and refuses the proofs of growth that it does", () => {
    assert.ok(vectors.consistency.some(({ valid }) => valid) && vectors.consistency.some(({ valid }) => !valid));
    for (const probe of vectors.consistency) {
      const { oldSize, size, oldRoot, root, proof, valid } = probe;
      const claim = { oldSize, newSize: size, oldRootHash: bytes(oldRoot), newRootHash: bytes(root) };
      assert.equal(verifyConsistency(claim, (proof ?? []).map(bytes)), valid, JSON.stringify(probe));
    }
  });
});
