import assert from "node:assert/strict";
import { test } from "node:test";
import { CryptoInvariantError } from "./invariant.ts";
import { fillRandomPooled, randomBytesPooled, randomId, randomNonce } from "./random.ts";

test("no bytes are handed out twice, over many refills and mixed lengths", () => {
  const seen = new Set<string>();
  let windows = 0;
  for (let i = 0; i < 2000; i++) {
    const bytes = randomBytesPooled([12, 16, 32, 33, 255, 256, 257][i % 7]!);
    // Eight bytes at every offset: a nonce that overlapped an earlier one anywhere would be seen.
    for (let at = 0; at + 8 <= bytes.length; at++, windows++) seen.add(bytes.toString("hex", at, at + 8));
  }
  assert.equal(seen.size, windows);
});

test("a result is its caller's own", () => {
  const first = randomNonce(32);
  const copy = Buffer.from(first);
  for (let i = 0; i < 300; i++) randomNonce(32).fill(0);
  assert.deepEqual(first, copy);
});

test("a fill changes nothing outside its range", () => {
  for (const bytes of [32, 1000]) {
    const target = Buffer.alloc(bytes + 2, 7);
    fillRandomPooled(target, 1, bytes + 1);
    assert.equal(target[0], 7);
    assert.equal(target[bytes + 1], 7);
    assert.ok(new Set(target.subarray(1, -1)).size > 8);
  }
});

test("every byte of a pooled result is random: all 256 values turn up at each end", () => {
  const firsts = new Set<number>();
  const lasts = new Set<number>();
  for (let i = 0; i < 8000; i++) {
    const bytes = randomBytesPooled(16);
    firsts.add(bytes[0]!);
    lasts.add(bytes[15]!);
  }
  assert.deepEqual([firsts.size, lasts.size], [256, 256]);
});

test("lengths are checked", () => {
  assert.equal(randomBytesPooled(0).length, 0);
  assert.equal(randomNonce(12).length, 12);
  assert.throws(() => randomNonce(11), CryptoInvariantError);
  for (const byteLength of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => randomBytesPooled(byteLength), CryptoInvariantError);
    assert.throws(() => randomNonce(byteLength), CryptoInvariantError);
  }
});

test("ids are lowercase UUIDs of version 4 and differ", () => {
  const ids = new Set(Array.from({ length: 500 }, randomId));
  assert.equal(ids.size, 500);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
