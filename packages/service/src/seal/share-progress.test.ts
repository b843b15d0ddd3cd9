import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { SecretBytes } from "@coffer/crypto";
import { createShamirSeal } from "@coffer/seal";
import type { SealedRootKey } from "../ports/seal.ts";
import { collectShares, type ShareProgress } from "./share-progress.ts";

const seal = createShamirSeal();

describe("shares on their way to a quorum", () => {
  let rootKey: SecretBytes;
  let sealed: SealedRootKey;
  let shares: readonly SecretBytes[];
  let progress: ShareProgress;

  beforeEach(async () => {
    rootKey = SecretBytes.random(32);
    ({ sealed, shares } = await seal.seal(rootKey, { shares: 4, threshold: 3 }));
    const found = collectShares(seal, sealed);
    assert.ok(found !== undefined);
    progress = found;
  });

  /** As it comes: bytes of its own. */
  const copy = (share: SecretBytes) => share.use((bytes) => SecretBytes.takeFrom(Uint8Array.from(bytes)));
  const isWiped = (share: SecretBytes) => assert.throws(() => share.use(() => {}));

  it("opens with a quorum of different shares, and is empty again", async () => {
    assert.deepEqual([progress.given, progress.nonce, progress.quorum.threshold], [0, "", 3]);
    const given = shares.slice(1).map(copy);
    assert.equal(progress.add(given[0]!), "added");
    const { nonce } = progress;
    assert.match(nonce, /^[0-9a-f-]{36}$/);
    assert.equal(progress.add(given[1]!), "added");
    assert.ok(!progress.isComplete);
    assert.equal(progress.add(given[2]!), "added");
    assert.ok(progress.isComplete);
    assert.equal(progress.nonce, nonce);
    assert.ok((await progress.open())?.equals(rootKey));
    assert.deepEqual([progress.given, progress.nonce], [0, ""]);
    given.forEach(isWiped);
  });

  it("counts a share once", () => {
    progress.add(copy(shares[0]!));
    const again = copy(shares[0]!);
    assert.equal(progress.add(again), "repeated");
    assert.equal(progress.given, 1);
    isWiped(again);
  });

  it("does not lose the others by a share that is none", () => {
    progress.add(copy(shares[0]!));
    const other = SecretBytes.random(33);
    assert.equal(progress.add(other), "foreign");
    assert.equal(progress.given, 1);
    isWiped(other);
  });

  it("forgets shares when it is told to", () => {
    const share = copy(shares[0]!);
    progress.add(share);
    progress.reset();
    assert.deepEqual([progress.given, progress.nonce], [0, ""]);
    isWiped(share);
  });

  it("does not open what was damaged, and forgets the shares", async () => {
    const damaged = {
      ...sealed,
      fields: { ...sealed.fields, wrapped: `AAAA${String(sealed.fields["wrapped"]).slice(4)}` },
    };
    const other = collectShares(seal, damaged)!;
    for (const share of shares.slice(0, 3)) other.add(copy(share));
    assert.equal(await other.open(), undefined);
    assert.equal(other.given, 0);
  });

  it("is for what was sealed with shares", () => {
    assert.equal(collectShares(seal, { kind: "keyfile", fields: { wrapped: "AAAA" } }), undefined);
  });
});
