import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { decodeBase64 } from "./base64.ts";

/** What Go's decoder takes, said another way: whole groups of four, padding at the end only, line breaks anywhere. */
const accepted = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

describe("base64", () => {
  it("decodes whatever was encoded, with line breaks anywhere", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(150), (bytes, at) => {
        const text = Buffer.from(bytes).toString("base64");
        for (const sent of [text, `${text.slice(0, at)}\r\n${text.slice(at)}\n`]) {
          const decoded = decodeBase64(sent);
          assert.ok(decoded.ok);
          assert.deepEqual([...decoded.bytes], [...bytes]);
        }
      }),
    );
  });

  it("takes exactly what the original takes", () => {
    const unit = fc.constantFrom("A", "b", "9", "+", "/", "=", "-", "_", " ", "\n", "é", "\u0000");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
        const decoded = decodeBase64(text);
        assert.equal(decoded.ok, accepted.test(text.replace(/[\r\n]/g, "")), JSON.stringify(text));
        if (!decoded.ok) assert.ok(decoded.index >= 0 && decoded.index <= text.length);
      }),
      { numRuns: 5000 },
    );
  });

  it("ignores unused trailing bits, as the original does", () => {
    const decoded = decodeBase64("eP==");
    assert.ok(decoded.ok);
    assert.equal(decoded.bytes.toString(), "x");
  });

  // Go 1.24, encoding/base64: StdEncoding.DecodeString
  const positions: [string, number][] = [
    ["A", 0],
    ["AAAAA", 4],
    ["AAAAAA\n", 5],
    ["AA=", 3],
    ["AA=A", 2],
    ["AA=\nA", 3],
    ["AA==A", 4],
    ["AAA=\nA", 5],
    ["=", 0],
    ["A=AA", 1],
    ["AAAA=", 4],
    ["AA A", 2],
    ["AAAé", 3],
  ];
  for (const [text, index] of positions) {
    it(`stops in ${JSON.stringify(text)} at ${index}`, () => {
      assert.deepEqual(decodeBase64(text), { ok: false, index });
    });
  }
});
