import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { MerkleLog } from "./merkle-log.ts";
import { leafHash, nodeHash } from "./tree-hash.ts";
import { verifyConsistency, verifyInclusion } from "./verify-proof.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/**
 * Entries and roots of the reference tree of Certificate Transparency's own tests (google/certificate-transparency,
 * merkletree tests; Apache-2.0).
 */
const entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const roots = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

function logOf(size: number): MerkleLog {
  const log = new MerkleLog();
  for (let index = 0; index < size; index++) log.append(Buffer.from(`entry ${index}`));
  return log;
}

/** The tree as RFC 9162, 2.1.1 defines it, and nothing remembered. */
function rootByDefinition(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0]!;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(rootByDefinition(leaves.slice(0, split)), rootByDefinition(leaves.slice(split)));
}

describe("a Merkle log", () => {
  it("has the roots of the reference tree", () => {
    const log = new MerkleLog();
    assert.equal(hex(log.rootHash()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (const [index, entry] of entries.entries()) {
      log.append(Buffer.from(entry, "hex"));
      assert.equal(hex(log.rootHash()), roots[index]);
    }
    for (const [index, root] of roots.entries()) assert.equal(hex(log.rootHash(index + 1)), root);
  });

  it("has the roots of the definition at every size", () => {
    const log = logOf(70);
    const leaves = Array.from({ length: 70 }, (_, index) => leafHash(Buffer.from(`entry ${index}`)));
    for (let size = 1; size <= 70; size++) {
      assert.deepEqual(log.rootHash(size), rootByDefinition(leaves.slice(0, size)));
    }
  });

  it("proves every entry of every size, and no other", () => {
    const log = logOf(40);
    for (let treeSize = 1; treeSize <= 40; treeSize++) {
      const rootHash = log.rootHash(treeSize);
      for (let index = 0; index < treeSize; index++) {
        const proof = log.inclusionProof(index, treeSize);
        const claim = { leafHash: leafHash(Buffer.from(`entry ${index}`)), index, treeSize, rootHash };
        assert.ok(verifyInclusion(claim, proof), `${index} of ${treeSize}`);
        assert.ok(!verifyInclusion({ ...claim, leafHash: leafHash(Buffer.from("another")) }, proof));
        for (const other of [index - 1, index + 1, treeSize]) {
          assert.ok(!verifyInclusion({ ...claim, index: other }, proof), `${other} for ${index} of ${treeSize}`);
        }
        assert.ok(!verifyInclusion(claim, [...proof, rootHash]));
        if (proof.length > 0) assert.ok(!verifyInclusion(claim, proof.slice(1)));
      }
    }
  });

  it("proves that it only grew, for every two sizes", () => {
    const log = logOf(40);
    for (let newSize = 0; newSize <= 40; newSize++) {
      for (let oldSize = 0; oldSize <= newSize; oldSize++) {
        const proof = log.consistencyProof(oldSize, newSize);
        const claim = { oldSize, oldRootHash: log.rootHash(oldSize), newSize, newRootHash: log.rootHash(newSize) };
        assert.ok(verifyConsistency(claim, proof), `${oldSize} to ${newSize}`);
        assert.ok(!verifyConsistency(claim, [...proof, log.rootHash(newSize)]), `${oldSize} to ${newSize}, too long`);
        if (oldSize > 0 && oldSize < newSize) {
          assert.ok(!verifyConsistency({ ...claim, oldRootHash: leafHash(Buffer.from("forked")) }, proof));
          assert.ok(!verifyConsistency({ ...claim, newRootHash: leafHash(Buffer.from("forked")) }, proof));
        }
      }
    }
  });

  it("proves nothing of a log whose past was changed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(59), fc.integer({ min: 0, max: 20 }), (oldSize, at, more) => {
        const changed = at % oldSize;
        const honest = logOf(oldSize);
        const forked = new MerkleLog();
        for (let index = 0; index < oldSize + more; index++) {
          forked.append(Buffer.from(index === changed ? "swapped" : `entry ${index}`));
        }
        const newSize = forked.size;
        const claim = { oldSize, oldRootHash: honest.rootHash(), newSize, newRootHash: forked.rootHash() };
        assert.ok(!verifyConsistency(claim, forked.consistencyProof(oldSize, newSize)));
      }),
      { numRuns: 200 },
    );
  });

  it("tells large sizes apart", () => {
    // A tree of 2^49 - 1 entries is not whole: a consistency proof from it begins with a hash.
    const hash = leafHash(Buffer.from("some root"));
    const claim = { oldSize: 2 ** 49 - 1, oldRootHash: hash, newSize: 2 ** 49, newRootHash: nodeHash(hash, hash) };
    assert.ok(!verifyConsistency(claim, [hash]));
    assert.ok(verifyConsistency({ ...claim, oldSize: 2 ** 48, newSize: 2 ** 49 }, [hash]));
  });

  it("refuses what is no size, index or proof", () => {
    const log = logOf(5);
    for (const bad of [-1, 6, 0.5, Number.NaN]) {
      assert.throws(() => log.rootHash(bad), RangeError);
      assert.throws(() => log.inclusionProof(bad, 5), RangeError);
      assert.throws(() => log.consistencyProof(bad, 5), RangeError);
      const claim = { oldSize: bad, oldRootHash: log.rootHash(5), newSize: 5, newRootHash: log.rootHash(5) };
      assert.ok(!verifyConsistency(claim, []));
    }
    const claim = { leafHash: leafHash(Buffer.from("entry 0")), index: 0, treeSize: 5, rootHash: log.rootHash() };
    assert.ok(
      !verifyInclusion(
        claim,
        Array.from({ length: 100 }, () => log.rootHash()),
      ),
    );
    assert.ok(!verifyInclusion(claim, [new Uint8Array(31)]));
  });
});
