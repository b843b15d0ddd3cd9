import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { test } from "node:test";
import { CryptoInvariantError } from "./invariant.ts";
import { encodePublicKey, loadPublicKey, publicKeyOf } from "./public-key.ts";
import { pairOf } from "./testing/pairs.ts";

test("a private key has one public key, which its encoding gives back", async () => {
  for (const spec of ["RSA_2048", "ECC_NIST_P256", "ECC_NIST_EDWARDS25519", "ML_DSA_44", "ML_KEM_512"] as const) {
    const { privateKey } = await pairOf(spec);
    const publicKey = publicKeyOf(privateKey);
    assert.equal(publicKeyOf(privateKey), publicKey);
    assert.ok(publicKey.equals(createPublicKey(privateKey)));
    const encoded = encodePublicKey(publicKey);
    assert.ok(loadPublicKey(encoded)?.equals(publicKey));
  }
});

test("bytes after a public key, and private keys, are no public key", async () => {
  const { privateKey, publicKey } = await pairOf("ECC_NIST_P256");
  const encoded = encodePublicKey(publicKey);
  assert.equal(loadPublicKey(Buffer.concat([encoded, Buffer.of(0)])), undefined);
  assert.equal(loadPublicKey(encoded.subarray(0, -1)), undefined);
  assert.equal(loadPublicKey(privateKey.export({ format: "der", type: "pkcs8" })), undefined);
  assert.throws(() => encodePublicKey(privateKey), CryptoInvariantError);
  assert.throws(() => publicKeyOf(publicKey), CryptoInvariantError);
});
