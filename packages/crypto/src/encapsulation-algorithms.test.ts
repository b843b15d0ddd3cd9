import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { test } from "node:test";
import { findKeySpec } from "./algorithms.ts";
import { findEncapsulationAlgorithm } from "./encapsulation-algorithms.ts";

const specs = [
  { spec: "ML_KEM_512", ciphertextBytes: 768 },
  { spec: "ML_KEM_768", ciphertextBytes: 1088 },
  { spec: "ML_KEM_1024", ciphertextBytes: 1568 },
] as const;

for (const { spec, ciphertextBytes } of specs) {
  test(`${spec}: both sides share 32 bytes, a changed ciphertext others, one of another length none`, async () => {
    const mechanism = findEncapsulationAlgorithm("ML_KEM");
    const row = findKeySpec(spec);
    assert.ok(mechanism !== undefined && row !== undefined);
    assert.deepEqual([...row.algorithms], [["ENCAPSULATE_DECAPSULATE", ["ML_KEM"]]]);
    const privateKey = row.load(await row.generate());
    assert.ok(privateKey !== undefined);
    const { sharedSecret, ciphertext } = mechanism.encapsulate(createPublicKey(privateKey));
    assert.equal(sharedSecret.byteLength, 32);
    assert.equal(ciphertext.length, ciphertextBytes);
    assert.equal(mechanism.decapsulate(privateKey, ciphertext)?.equals(sharedSecret), true);

    const changed = Buffer.from(ciphertext);
    changed[0] = (changed[0] ?? 0) ^ 1;
    const rejected = mechanism.decapsulate(privateKey, changed);
    assert.equal(rejected?.byteLength, 32);
    assert.equal(rejected.equals(sharedSecret), false);
    assert.equal(mechanism.decapsulate(privateKey, changed)?.equals(rejected), true);

    for (const length of [0, 1, ciphertextBytes - 1]) {
      assert.equal(mechanism.decapsulate(privateKey, ciphertext.subarray(0, length)), undefined);
    }
    assert.equal(mechanism.decapsulate(privateKey, Buffer.concat([ciphertext, Buffer.of(0)])), undefined);
  });
}

test("an untrusted name finds its row or nothing", () => {
  for (const name of ["", "ml_kem", "ML_KEM_768", "__proto__"]) {
    assert.equal(findEncapsulationAlgorithm(name), undefined);
  }
});
