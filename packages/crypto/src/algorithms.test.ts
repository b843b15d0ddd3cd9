import assert from "node:assert/strict";
import { test } from "node:test";
import { findKeySpec, keySpecs } from "./algorithms.ts";

test("every row agrees with its own facts", () => {
  assert.ok(keySpecs.size > 0);
  for (const [spec, row] of keySpecs) {
    assert.equal(row.spec, spec);
    assert.ok(row.usages.length > 0);
    assert.equal(row.usages.includes("ENCRYPT_DECRYPT"), row.encryptionAlgorithms.length > 0);
    const [first, second] = [row.generate(), row.generate()];
    assert.equal(first.byteLength, row.materialBytes);
    assert.equal(first.equals(second), false);
  }
});

test("names in the REST and Transit APIs belong to one row", () => {
  const rows = [...keySpecs.values()];
  assert.equal(new Set(rows.map((row) => row.restName)).size, rows.length);
  assert.equal(new Set(rows.map((row) => row.transitType)).size, rows.length);
});

test("an untrusted name finds its row or nothing", () => {
  assert.equal(findKeySpec("SYMMETRIC_DEFAULT")?.transitType, "aes256-gcm96");
  for (const name of ["", "symmetric_default", "constructor", "__proto__", "toString", "RSA_2048"]) {
    assert.equal(findKeySpec(name), undefined);
  }
});
