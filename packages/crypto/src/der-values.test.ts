import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { derTags, encodeDer, encodeDerInteger, readDer, readDerValues } from "./der-values.ts";

describe("DER values", () => {
  it("read back as they were written, with lengths of one byte and of more", () => {
    for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
      const content = Buffer.alloc(length, 7);
      const value = readDer(Buffer.concat([encodeDer(derTags.octetString, content), Buffer.of(1, 2)]));
      assert.equal(value?.tag, derTags.octetString);
      assert.deepEqual([value.content.equals(content), value.rest], [true, Buffer.of(1, 2)]);
    }
  });

  it("write integers that are not negative in the shortest way (X.690 section 8.3)", () => {
    const written = [0n, 1n, 127n, 128n, 255n, 256n, 0x8000n].map((value) => encodeDerInteger(value).toString("hex"));
    assert.deepEqual(written, ["020100", "020101", "02017f", "02020080", "020200ff", "02020100", "0203008000"]);
  });

  it("refuse lengths that are cut off, indefinite or not the shortest", () => {
    for (const hex of ["", "04", "0402ff", "0480", "048101ff", "04820001ff", "1f0100", "0484000000ff"]) {
      assert.equal(readDer(Buffer.from(hex, "hex")), undefined, hex);
    }
    assert.equal(readDerValues(Buffer.from("0401ff04", "hex")), undefined);
  });

  it("are read of anything without an exception, and never reach beyond it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const values = readDerValues(Buffer.from(bytes)) ?? [];
        const total = values.reduce((sum, { whole }) => sum + whole.length, 0);
        assert.ok(values.length === 0 || total === bytes.length);
      }),
    );
  });
});
