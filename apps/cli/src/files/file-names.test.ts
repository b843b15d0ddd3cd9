import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { appendToName, joinNames, showName, stripFromName } from "./file-names.ts";

const odd = Buffer.from([0x61, 0xff, 0x0a]);

describe("names of files", () => {
  it("are texts where they can be, and bytes where not", () => {
    assert.equal(joinNames("a", Buffer.from("ü")), "a/ü");
    assert.deepEqual(joinNames("a", odd), Buffer.concat([Buffer.from("a/"), odd]));
    assert.deepEqual(appendToName(odd, ".enc"), Buffer.concat([odd, Buffer.from(".enc")]));
    assert.deepEqual(stripFromName(appendToName(odd, ".enc"), ".enc"), odd);
  });

  it("lose an ending that they have, and never all of themselves", () => {
    assert.equal(stripFromName("a.enc", ".enc"), "a");
    for (const name of ["a", ".enc", "dir/.enc", "a.enc/", "enc"])
      assert.equal(stripFromName(name, ".enc"), undefined, name);
  });

  it("are shown without what moves a cursor", () => {
    assert.equal(showName(odd), "a\\xff\\x0a");
    assert.equal(showName(Buffer.from("a\x1b[2J")), "a?[2J");
    assert.equal(showName("ü\n"), "ü?");
  });
});
