import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SecretBytes } from "@coffer/crypto";
import type { Quorum, Seal, SealedRootKey } from "@coffer/service";
import { describeSealContract } from "@coffer/testkit";
import fc from "fast-check";
import { createShamirSeal } from "./shamir-seal.ts";
import { combineShares, splitKey } from "./split-key.ts";

const seal = createShamirSeal();

/** The seal in the hands of one who holds all shares of what it made. */
function holderOf(held: SecretBytes[][]): Seal {
  return {
    kind: seal.kind,
    async seal(rootKey) {
      const { sealed, shares } = await seal.seal(rootKey, { shares: 3, threshold: 2 });
      held.push([...shares]);
      return sealed;
    },
    async unseal(sealed) {
      for (const shares of held) {
        const opened = await seal.unseal(sealed, shares.slice(0, 2));
        if (opened !== undefined) return opened;
      }
      return undefined;
    },
  };
}

const own: SecretBytes[][] = [];
describeSealContract("shamir", {
  open: async () => ({ ...holderOf(own) }),
  openOther: async () => holderOf([]),
});

const quorums: fc.Arbitrary<Quorum> = fc.integer({ min: 1, max: 12 }).chain((shares) =>
  fc.record({
    shares: fc.constant(shares),
    threshold: fc.integer({ min: shares === 1 ? 1 : 2, max: Math.max(shares, 1) }),
  }),
);

async function opens(sealed: SealedRootKey, shares: readonly SecretBytes[], rootKey: SecretBytes): Promise<boolean> {
  using opened = await seal.unseal(sealed, shares);
  return opened?.equals(rootKey) ?? false;
}

describe("the shamir seal", () => {
  it("opens with any threshold of its shares, and with more, but never with fewer", async () => {
    await fc.assert(
      fc.asyncProperty(quorums, fc.infiniteStream(fc.nat()), async (quorum, order) => {
        using rootKey = SecretBytes.random(32);
        const { sealed, shares } = await seal.seal(rootKey, quorum);
        assert.deepEqual(seal.quorumOf(sealed), { ...quorum });
        const shuffled = shares
          .map((share) => ({ share, at: order.next().value ?? 0 }))
          .sort((left, right) => left.at - right.at)
          .map(({ share }) => share);
        assert.ok(await opens(sealed, shuffled.slice(0, quorum.threshold), rootKey));
        assert.ok(await opens(sealed, shuffled, rootKey));
        assert.ok(!(await opens(sealed, shuffled.slice(0, quorum.threshold - 1), rootKey)));
      }),
      { numRuns: 30 },
    );
  });

  it("does not open with a share twice, a share of another seal, or one with a bit flipped", async () => {
    using rootKey = SecretBytes.random(32);
    const { sealed, shares } = await seal.seal(rootKey, { shares: 3, threshold: 2 });
    const other = await seal.seal(rootKey, { shares: 3, threshold: 2 });
    const [first, second] = shares as [SecretBytes, SecretBytes];
    assert.ok(!(await opens(sealed, [first, first], rootKey)));
    assert.ok(!(await opens(sealed, [first, other.shares[0]!], rootKey)));
    assert.ok(!(await opens(other.sealed, [first, second], rootKey)));
    for (const bit of [0, 7, 100, 255, 256, 263]) {
      const changed = second.use((bytes) => Uint8Array.from(bytes));
      changed[bit >> 3]! ^= 1 << (bit & 7);
      assert.ok(!(await opens(sealed, [first, SecretBytes.takeFrom(changed)], rootKey)), `bit ${bit}`);
    }
    assert.ok(await opens(sealed, [first, second], rootKey));
  });

  it("tells its own shares from all others", async () => {
    using rootKey = SecretBytes.random(32);
    const { sealed, shares } = await seal.seal(rootKey, { shares: 5, threshold: 3 });
    for (const share of shares) assert.ok(seal.isShareOf(sealed, share));
    assert.ok(!seal.isShareOf(sealed, SecretBytes.random(33)));
    assert.ok(!seal.isShareOf(sealed, SecretBytes.random(1)));
    const changed = shares[0]!.use((bytes) => Uint8Array.from(bytes));
    changed[32]! ^= 1;
    assert.ok(!seal.isShareOf(sealed, SecretBytes.takeFrom(changed)));
    assert.ok(!seal.isShareOf({ kind: "keyfile", fields: sealed.fields }, shares[0]!));
  });

  it("stores nothing of a share", async () => {
    using rootKey = SecretBytes.random(32);
    const { sealed, shares } = await seal.seal(rootKey, { shares: 3, threshold: 2 });
    const stored = JSON.stringify(sealed);
    for (const share of shares) {
      share.use((bytes) => {
        for (const encoding of ["hex", "base64"] as const) assert.ok(!stored.includes(bytes.toString(encoding)));
      });
    }
  });

  it("has one share that is the key itself, as Vault has", async () => {
    using rootKey = SecretBytes.random(32);
    const { sealed, shares } = await seal.seal(rootKey, { shares: 1, threshold: 1 });
    assert.equal(shares[0]?.byteLength, 32);
    assert.ok(await opens(sealed, shares, rootKey));
  });

  it("knows no quorum of what has no shares, or impossible ones", async () => {
    using rootKey = SecretBytes.random(32);
    const { sealed } = await seal.seal(rootKey, { shares: 3, threshold: 2 });
    for (const change of [
      { threshold: 1 },
      { threshold: 4 },
      { shares: 2 },
      { shares: 2.5 },
      { shareDigests: "AA==" },
    ]) {
      assert.equal(seal.quorumOf({ kind: sealed.kind, fields: { ...sealed.fields, ...change } }), undefined);
    }
    assert.equal(seal.quorumOf({ kind: "keyfile", fields: {} }), undefined);
  });
});

describe("splitting a key", () => {
  // Made with Vault's layout by hand in GF(2^8), x^8 + x^4 + x^3 + x + 1: f(x) = 0x2a + 0x05 x, so f(1) = 0x2f, f(2) = 0x20.
  it("puts together what the scheme says", async () => {
    const shares = [Uint8Array.of(0x2f, 1), Uint8Array.of(0x20, 2)].map((share) => SecretBytes.takeFrom(share));
    using key = await combineShares(shares);
    assert.deepEqual(
      key?.use((bytes) => [...bytes]),
      [0x2a],
    );
  });

  it("takes no shares that do not fit together", async () => {
    using key = SecretBytes.random(32);
    const [first, second] = (await splitKey(key, { shares: 3, threshold: 2 })) as [SecretBytes, SecretBytes];
    const atZero = SecretBytes.takeFrom(Uint8Array.from([...new Uint8Array(32), 0]));
    for (const shares of [[], [first, first], [first, SecretBytes.random(20)], [first, atZero]]) {
      assert.equal(await combineShares(shares), undefined);
    }
    const bare = [SecretBytes.random(1), SecretBytes.random(1)];
    assert.equal(await combineShares(bare), undefined);
    assert.ok((await combineShares([first, second]))?.equals(key));
  });

  it("makes shares of their own each time", async () => {
    using key = SecretBytes.random(32);
    const made = [await splitKey(key, { shares: 3, threshold: 2 }), await splitKey(key, { shares: 3, threshold: 2 })];
    const texts = new Set(made.flat().map((share) => share.use((bytes) => bytes.toString("hex").slice(0, 64))));
    assert.equal(texts.size, 6);
  });
});
