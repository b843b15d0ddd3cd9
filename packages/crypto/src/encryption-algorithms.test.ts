import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { findEncryptionAlgorithm } from "./encryption-algorithms.ts";
import { CryptoInvariantError } from "./invariant.ts";
import { pairOf } from "./testing/pairs.ts";

// AWS KMS API: Encrypt, the longest plaintext for each key and algorithm.
const longest = [
  ["RSA_2048", "RSAES_OAEP_SHA_1", 214],
  ["RSA_2048", "RSAES_OAEP_SHA_256", 190],
  ["RSA_3072", "RSAES_OAEP_SHA_1", 342],
  ["RSA_3072", "RSAES_OAEP_SHA_256", 318],
  ["RSA_4096", "RSAES_OAEP_SHA_1", 470],
  ["RSA_4096", "RSAES_OAEP_SHA_256", 446],
] as const;

for (const [spec, name, maxBytes] of longest) {
  test(`${name} under ${spec}: what was encrypted comes back, and anything else is undefined`, async () => {
    const row = findEncryptionAlgorithm(name);
    assert.ok(row !== undefined);
    const { privateKey, publicKey } = await pairOf(spec);
    assert.equal(row.maxPlaintextBytes(publicKey), maxBytes);
    for (const bytes of [0, 1, maxBytes]) {
      const plaintext = randomBytes(bytes);
      const ciphertext = await row.encrypt(publicKey, plaintext);
      assert.deepEqual(await row.decrypt(privateKey, ciphertext), plaintext);
      assert.notDeepEqual(await row.encrypt(publicKey, plaintext), ciphertext);
    }
    assert.throws(() => row.encrypt(publicKey, randomBytes(maxBytes + 1)), CryptoInvariantError);
    const ciphertext = await row.encrypt(publicKey, randomBytes(16));
    const changed = Buffer.from(ciphertext);
    changed[100] = (changed[100] ?? 0) ^ 1;
    const long = Buffer.concat([Buffer.of(0), ciphertext]);
    const tooLarge = Buffer.alloc(ciphertext.length, 0xff);
    for (const bad of [changed, ciphertext.subarray(1), long, tooLarge, Buffer.alloc(0)]) {
      assert.equal(await row.decrypt(privateKey, bad), undefined);
    }
    const other = await pairOf(spec, 2);
    assert.equal(await row.decrypt(other.privateKey, ciphertext), undefined);
  });
}

test("one algorithm's ciphertext is none of the other's", async () => {
  const [sha1, sha256] = [findEncryptionAlgorithm("RSAES_OAEP_SHA_1"), findEncryptionAlgorithm("RSAES_OAEP_SHA_256")];
  const { privateKey, publicKey } = await pairOf("RSA_2048");
  const ciphertext = await sha1?.encrypt(publicKey, randomBytes(16));
  assert.ok(ciphertext !== undefined);
  assert.equal(await sha256?.decrypt(privateKey, ciphertext), undefined);
});

test("a ciphertext keeps its leading zeros", async () => {
  const row = findEncryptionAlgorithm("RSAES_OAEP_SHA_256");
  assert.ok(row !== undefined);
  const { privateKey, publicKey } = await pairOf("RSA_2048");
  let ciphertext: Buffer;
  do ciphertext = await row.encrypt(publicKey, randomBytes(16));
  while (ciphertext[0] !== 0);
  assert.equal((await row.decrypt(privateKey, ciphertext))?.length, 16);
  assert.equal(await row.decrypt(privateKey, ciphertext.subarray(1)), undefined);
});

test("an untrusted name finds its row or nothing", () => {
  for (const name of ["", "SYMMETRIC_DEFAULT", "rsaes_oaep_sha_1", "constructor", "__proto__"]) {
    assert.equal(findEncryptionAlgorithm(name), undefined);
  }
});
