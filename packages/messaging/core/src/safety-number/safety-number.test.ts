import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import { base64OfBytes } from "../base64.ts";
import { matchesScanned, safetyNumber } from "./safety-number.ts";

const identity = (userId: string) => ({ userId, accountKey: base64OfBytes(ed25519.keygen().publicKey) });

describe("a safety number", () => {
  it("is the same for both, and has 60 digits", () => {
    const [alice, bob] = [identity("alice"), identity("bob")];
    const [mine, theirs] = [safetyNumber(alice, bob), safetyNumber(bob, alice)];
    assert.deepEqual(mine, theirs);
    assert.match(mine.digits, /^\d{5}( \d{5}){11}$/);
    assert.equal(matchesScanned(mine, theirs.scannable), true);
  });

  it("is another one for another key or another name", () => {
    const [alice, bob] = [identity("alice"), identity("bob")];
    const right = safetyNumber(alice, bob);
    for (const other of [identity("bob"), { ...bob, userId: "bobby" }]) {
      const wrong = safetyNumber(alice, other);
      assert.notEqual(wrong.digits, right.digits);
      assert.equal(matchesScanned(right, wrong.scannable), false);
    }
    for (let at = 1; at < right.scannable.length; at++) {
      const changed = right.scannable.slice();
      changed[at]! ^= 1;
      assert.equal(matchesScanned(right, changed), false);
    }
    assert.throws(() => matchesScanned(right, right.scannable.slice(1)), /no safety number/);
  });
});
