import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SecretBytes } from "@coffer/crypto";
import fc from "fast-check";
import { parseSealed, type SealParams, unwrapRootKey, wrapRootKey } from "./sealed-fields.ts";

using secret = SecretBytes.random(32);
const key = secret.toKeyObject();

function openUnder(wrappedWith: SealParams, openedWith: SealParams): boolean {
  using rootKey = SecretBytes.random(32);
  const parsed = parseSealed(wrapRootKey(key, "test", wrappedWith, rootKey), "test");
  assert.ok(parsed !== undefined);
  using opened = unwrapRootKey(key, { ...parsed, params: openedWith });
  return opened?.equals(rootKey) ?? false;
}

describe("a seal's parameters", () => {
  it("open under themselves in any order, and under nothing else", () => {
    assert.ok(openUnder({ a: 1, b: "x" }, { b: "x", a: 1 }));
    for (const other of [
      { a: "1", b: "x" },
      { a: 1 },
      { a: 1, b: "x", c: 0 },
      { a: 1, c: "x" },
      { b: 1, a: "x" },
      {},
    ]) {
      assert.ok(!openUnder({ a: 1, b: "x" }, other as SealParams), JSON.stringify(other));
    }
  });
  it("open under no others, whatever they are", () => {
    const names = fc.string({ unit: fc.constantFrom("a", "b", "1"), maxLength: 2 });
    const params = fc.dictionary(names, fc.oneof(fc.integer({ min: 0, max: 11 }), names), { maxKeys: 3 });
    fc.assert(
      fc.property(params, params, (one, other) => {
        const same = JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());
        assert.equal(openUnder(one, other), same);
      }),
    );
  });
});
