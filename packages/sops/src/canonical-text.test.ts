import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { canonicalText, floatToken, goFloatText } from "./canonical-text.ts";

describe("numbers as Go writes them", () => {
  it("have no exponent", () => {
    const texts = [
      [1.5, "1.5"],
      [1, "1"],
      [-0, "-0"],
      [1e21, "1000000000000000000000"],
      [1.25e-7, "0.000000125"],
      [-1234.56789, "-1234.56789"],
      [Number.POSITIVE_INFINITY, "+Inf"],
      [Number.NEGATIVE_INFINITY, "-Inf"],
      [Number.NaN, "NaN"],
    ] as const;
    for (const [value, text] of texts) assert.equal(goFloatText(value), text);
  });

  it("are the number that they were, and are read as one with a point", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = goFloatText(value);
        assert.ok(/^-?[0-9]+(\.[0-9]+)?$/.test(text));
        assert.ok(Object.is(Number(text), value));
        assert.ok(Object.is(Number(floatToken(text)), value));
        assert.match(floatToken(text), /[.e]/);
        assert.equal(canonicalText("float", text), text);
      }),
    );
  });
});

describe("what SOPS reads of a kind", () => {
  const rows = [
    ["int", "+7", "7"],
    ["int", "-9223372036854775808", "-9223372036854775808"],
    ["int", "9223372036854775808", undefined],
    ["int", "1.0", undefined],
    ["int", "0x1f", undefined],
    ["bool", "1", "True"],
    ["bool", "FALSE", "False"],
    ["bool", "yes", undefined],
    ["float", "1e3", "1000"],
    ["float", "Inf", "+Inf"],
    ["float", "1e999", undefined],
    ["time", "2026-11-23T10:00:00.120+00:00", "2026-11-23T10:00:00.12Z"],
    ["time", "2026-11-23", undefined],
    ["str", "", ""],
  ] as const;
  for (const [kind, text, expected] of rows) {
    it(`${kind} ${text}`, () => assert.equal(canonicalText(kind, text), expected));
  }
});
