import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { compareText, prefixUpperBound } from "./prefix.ts";

const text = fc.string({
  unit: fc.constantFrom("a", "b", "\u{7f}", "\u{d7ff}", "\u{e000}", "\u{ffff}", "\u{10000}", "\u{10ffff}"),
});

describe("the upper bound of a prefix", () => {
  it("is what it is for prefixes at the edges", () => {
    assert.equal(prefixUpperBound(""), undefined);
    assert.equal(prefixUpperBound("\u{10ffff}\u{10ffff}"), undefined);
    assert.equal(prefixUpperBound("alias/"), "alias0");
    assert.equal(prefixUpperBound("a\u{10ffff}"), "b");
    assert.equal(prefixUpperBound("a\u{d7ff}"), "a\u{e000}");
    assert.equal(prefixUpperBound("a\u{ffff}"), "a\u{10000}");
  });
  it("holds exactly the texts that start with the prefix", () => {
    fc.assert(
      fc.property(text, text, (prefix, other) => {
        for (const candidate of [other, prefix + other]) {
          const bound = prefixUpperBound(prefix);
          const below = bound === undefined || compareText(candidate, bound) < 0;
          assert.equal(compareText(candidate, prefix) >= 0 && below, candidate.startsWith(prefix));
        }
      }),
    );
  });
});
