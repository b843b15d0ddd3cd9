import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeCbor } from "@coffer/testkit";
import fc from "fast-check";
import { AttestationError } from "./attestation-error.ts";
import { decodeCbor } from "./cbor.ts";
import { documentLimits } from "./limits.ts";

const fromHex = (hex: string) => Buffer.from(hex, "hex");

describe("CBOR", () => {
  it("decodes what documents have (RFC 8949 appendix A)", () => {
    const cases: readonly (readonly [string, unknown])[] = [
      ["00", 0],
      ["17", 23],
      ["1818", 24],
      ["1903e8", 1000],
      ["1a000f4240", 1_000_000],
      ["1b000000e8d4a51000", 1_000_000_000_000],
      ["20", -1],
      ["3863", -100],
      ["f6", null],
      ["60", ""],
      ["6449455446", "IETF"],
      ["62c3bc", "ü"],
      ["80", []],
      ["83010203", [1, 2, 3]],
      ["9f018202039f0405ffff", [1, [2, 3], [4, 5]]],
      [
        "a201020304",
        new Map([
          [1, 2],
          [3, 4],
        ]),
      ],
      [
        "bf61610161629f0203ffff",
        new Map<string, unknown>([
          ["a", 1],
          ["b", [2, 3]],
        ]),
      ],
    ];
    for (const [hex, value] of cases) assert.deepEqual(decodeCbor(fromHex(hex)), value, hex);
    assert.deepEqual(Buffer.from(decodeCbor(fromHex("4401020304")) as Uint8Array), fromHex("01020304"));
  });

  it("refuses everything else", () => {
    const cases = {
      nothing: "",
      "more than one item": "0000",
      "a cut off item": "1903",
      "a cut off string": "4401",
      "a cut off array": "8201",
      "a cut off map": "a101",
      "an open array without end": "9f01",
      "a break alone": "ff",
      "a map with a value missing": "bf01ff",
      "an integer over 2^53": "1b0020000000000000",
      "a length over 2^53": "5bffffffffffffffff",
      "a reserved length": "1c",
      "bytes in chunks": "5f42010243030405ff",
      "text in chunks": "7f657374726561646d696e67ff",
      "an integer of unknown length": "1f",
      "a tag": "c000",
      "a float": "f93c00",
      true: "f5",
      undefined: "f7",
      "a doubled key": "a201020103",
      "a key of bytes": "a1410102",
      "a key of null": "a1f602",
      "an array as key": "a18001",
      "text that is no UTF-8": "61ff",
    };
    for (const [what, hex] of Object.entries(cases)) {
      assert.throws(() => decodeCbor(fromHex(hex)), AttestationError, what);
    }
  });

  it("bounds depth and items", () => {
    const { cborDepth, cborItems } = documentLimits;
    const nested = (depth: number) => fromHex(`${"81".repeat(depth - 1)}00`);
    assert.ok(decodeCbor(nested(cborDepth)));
    assert.throws(() => decodeCbor(nested(cborDepth + 1)), AttestationError);
    const list = (items: number) => encodeCbor(Array(items - 1).fill(0));
    assert.ok(decodeCbor(list(cborItems)));
    assert.throws(() => decodeCbor(list(cborItems + 1)), AttestationError);
    assert.throws(() => decodeCbor(fromHex("9bffffffffffffffff")), AttestationError);
  });

  it("throws nothing but its own error, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          decodeCbor(bytes);
        } catch (error) {
          assert.ok(error instanceof AttestationError, String(error));
        }
      }),
    );
  });
});
