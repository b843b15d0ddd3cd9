import assert from "node:assert/strict";
import { test } from "node:test";
import { derOfRawSignature, rawOfDerSignature } from "./ecdsa-signature.ts";

const one = Uint8Array.of(2, 1, 1);
const sequence = (...integers: readonly Uint8Array[]) => {
  const content = integers.flatMap((integer) => [...integer]);
  return Uint8Array.of(0x30, content.length, ...content);
};

test("a signature's halves have one form each", () => {
  const raw = rawOfDerSignature(sequence(one, one), "P-256");
  assert.ok(raw);
  assert.deepEqual(derOfRawSignature(raw), sequence(one, one));
  for (const [what, integer] of [
    ["a zero too many", Uint8Array.of(2, 2, 0, 1)],
    ["a negative number", Uint8Array.of(2, 1, 0x81)],
    ["no bytes", Uint8Array.of(2, 0)],
    ["another type", Uint8Array.of(3, 1, 1)],
    ["more bytes than there are", Uint8Array.of(2, 9, 1)],
    ["more bytes than a half has", Uint8Array.of(2, 33, ...new Uint8Array(33).fill(1))],
  ] as const) {
    assert.equal(rawOfDerSignature(sequence(integer, one), "P-256"), undefined, what);
    assert.equal(rawOfDerSignature(sequence(one, integer), "P-256"), undefined, what);
  }
});
