import assert from "node:assert/strict";
import { test } from "node:test";
import { derSequenceContent, isWholeDerSequence } from "./der.ts";

const wholes: readonly (readonly [headerHex: string, contentBytes: number])[] = [
  ["3000", 0],
  ["307f", 127],
  ["308180", 128],
  ["3081ff", 255],
  ["30820100", 256],
  ["3083010000", 65536],
];

test("one DER SEQUENCE gives its content, and none with a byte more or less", () => {
  for (const [headerHex, contentBytes] of wholes) {
    const header = Buffer.from(headerHex, "hex");
    const content = Buffer.alloc(contentBytes, 7);
    const whole = Buffer.concat([header, content]);
    assert.deepEqual(derSequenceContent(whole), content, headerHex);
    assert.equal(isWholeDerSequence(whole), true);
    assert.equal(isWholeDerSequence(Buffer.concat([whole, Buffer.of(0)])), false);
    assert.equal(isWholeDerSequence(whole.subarray(0, -1)), false);
  }
});

test("other tags, longer lengths than needed and indefinite ones are no DER", () => {
  const others = [
    "",
    "30",
    "3100",
    "0400",
    "3080",
    "30800000",
    "308100",
    "308101ff",
    "3082",
    "30820001ff",
    "308400000001ff",
  ];
  for (const hex of others) assert.equal(derSequenceContent(Buffer.from(hex, "hex")), undefined, hex);
  assert.equal(derSequenceContent(Buffer.concat([Buffer.from("30820080", "hex"), Buffer.alloc(128)])), undefined);
});
