import assert from "node:assert/strict";
import { test } from "node:test";
import { findKeySpec, keySpecs } from "./algorithms.ts";
import { SecretBytes } from "./secret-bytes.ts";

for (const [spec, row] of keySpecs) {
  test(`${spec} makes new material each time, and loads it and nothing else`, async () => {
    assert.equal(row.spec, spec);
    assert.ok(row.algorithms.size > 0);
    for (const algorithms of row.algorithms.values()) assert.ok(algorithms.length > 0);
    const [first, second] = [await row.generate(), await row.generate()];
    assert.equal(first.equals(second), false);
    assert.equal(row.load(first)?.type, row.kind === "pair" ? "private" : "secret");
    assert.equal(row.load(SecretBytes.random(7)), undefined);
    assert.equal(row.load(SecretBytes.random(200)), undefined);
    if (row.kind === "secret") return;
    for (const change of [trailingByte, withoutLastByte]) assert.equal(row.load(change(first)), undefined);
  });
}

function trailingByte(material: SecretBytes): SecretBytes {
  return material.use((bytes) => SecretBytes.takeFrom(Buffer.concat([bytes, Buffer.of(0)])));
}

function withoutLastByte(material: SecretBytes): SecretBytes {
  return material.use((bytes) => SecretBytes.takeFrom(Buffer.from(bytes.subarray(0, -1))));
}

test("names in the REST and Transit APIs belong to one row", () => {
  const rows = [...keySpecs.values()];
  assert.equal(new Set(rows.map((row) => row.restName)).size, rows.length);
  // HMAC keys of every length are of one type there.
  const transitTypes = rows.map((row) => row.transitType).filter((name) => name !== undefined && name !== "hmac");
  assert.equal(new Set(transitTypes).size, transitTypes.length);
});

test("an untrusted name finds its row or nothing", () => {
  assert.equal(findKeySpec("SYMMETRIC_DEFAULT")?.transitType, "aes256-gcm96");
  for (const name of ["", "symmetric_default", "constructor", "__proto__", "toString", "RSA_1024"]) {
    assert.equal(findKeySpec(name), undefined);
  }
});
