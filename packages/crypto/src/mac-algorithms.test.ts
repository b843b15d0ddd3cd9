import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { findKeySpec } from "./algorithms.ts";
import { findMacAlgorithm } from "./mac-algorithms.ts";
import { SecretBytes } from "./secret-bytes.ts";
import { bitFlips } from "./testing/vectors.ts";

const specs = [
  { spec: "HMAC_224", algorithm: "HMAC_SHA_224", hash: "sha224", minBytes: 28 },
  { spec: "HMAC_256", algorithm: "HMAC_SHA_256", hash: "sha256", minBytes: 32 },
  { spec: "HMAC_384", algorithm: "HMAC_SHA_384", hash: "sha384", minBytes: 48 },
  { spec: "HMAC_512", algorithm: "HMAC_SHA_512", hash: "sha512", minBytes: 64 },
] as const;

for (const { spec, algorithm, hash, minBytes } of specs) {
  test(`${algorithm}: a MAC of the right length verifies, and neither a changed nor a shortened one does`, async () => {
    const row = findMacAlgorithm(algorithm);
    const key = findKeySpec(spec)?.load(SecretBytes.random(minBytes));
    assert.ok(row !== undefined && key !== undefined);
    const message = Buffer.from("message");
    const mac = row.generate(key, message);
    assert.deepEqual(mac, createHmac(hash, key).update(message).digest());
    assert.equal(mac.length, row.macBytes);
    assert.equal(row.verify(key, message, mac), true);
    for (const { changed } of bitFlips(mac)) assert.equal(row.verify(key, message, changed), false);
    for (const { changed } of bitFlips(message)) assert.equal(row.verify(key, changed, mac), false);
    for (let length = 0; length < mac.length; length++) {
      assert.equal(row.verify(key, message, mac.subarray(0, length)), false);
    }
    assert.equal(row.verify(key, message, Buffer.concat([mac, Buffer.of(0)])), false);
  });

  test(`${spec} keys are made as long as the hash, and imported up to 128 bytes`, async () => {
    const row = findKeySpec(spec);
    assert.ok(row !== undefined);
    assert.deepEqual([...row.algorithms], [["GENERATE_VERIFY_MAC", [algorithm]]]);
    assert.equal((await row.generate()).byteLength, minBytes);
    for (const bytes of [minBytes, 128]) {
      assert.equal(row.load(SecretBytes.random(bytes))?.symmetricKeySize, bytes);
    }
    for (const bytes of [minBytes - 1, 129]) assert.equal(row.load(SecretBytes.random(bytes)), undefined);
  });
}

test("an untrusted name finds its row or nothing", () => {
  for (const name of ["", "hmac_sha_256", "HMAC_SHA_1", "__proto__"]) assert.equal(findMacAlgorithm(name), undefined);
});
