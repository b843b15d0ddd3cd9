import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { KeySpec } from "../src/algorithms.ts";
import { findEncryptionAlgorithm } from "../src/encryption-algorithms.ts";
import { findKeyAgreementAlgorithm } from "../src/key-agreement.ts";
import type { MessageType } from "../src/signing/row.ts";
import { pairOf, signingAlgorithm } from "../src/testing/pairs.ts";

const signatures: readonly (readonly [KeySpec, string, MessageType])[] = [
  ["RSA_2048", "RSASSA_PSS_SHA_256", "RAW"],
  ["RSA_2048", "RSASSA_PSS_SHA_512", "DIGEST"],
  ["RSA_2048", "RSASSA_PKCS1_V1_5_SHA_384", "DIGEST"],
  ["ECC_NIST_P256", "ECDSA_SHA_256", "RAW"],
  ["ECC_SECG_P256K1", "ECDSA_SHA_256", "DIGEST"],
  ["ECC_NIST_EDWARDS25519", "ED25519_SHA_512", "RAW"],
  ["ECC_NIST_EDWARDS25519", "ED25519_PH_SHA_512", "DIGEST"],
];

const numRuns = 30;

function flip(bytes: Uint8Array, at: number): Buffer {
  const bit = at % (bytes.length * 8);
  const changed = Buffer.from(bytes);
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
}

describe("for every message", () => {
  for (const [spec, name, type] of signatures) {
    test(`${name} of a ${type}: its signature verifies, and none with one bit changed on either side`, async () => {
      const row = signingAlgorithm(name);
      const bytes = row.messageTypes.get(type);
      const message = fc.uint8Array(bytes === undefined ? { minLength: 1 } : { minLength: bytes, maxLength: bytes });
      const { privateKey, publicKey } = await pairOf(spec);
      await fc.assert(
        fc.asyncProperty(message, fc.nat(), async (signed, at) => {
          const signature = await row.sign(privateKey, signed, type);
          assert.equal(await row.verify(publicKey, signed, type, signature), true);
          assert.equal(await row.verify(publicKey, flip(signed, at), type, signature), false);
          assert.equal(await row.verify(publicKey, signed, type, flip(signature, at)), false);
        }),
        { numRuns },
      );
    });
  }

  test("any bytes are a signature that does not verify, and never an exception", async () => {
    for (const [spec, name, type] of signatures) {
      const row = signingAlgorithm(name);
      const message = Buffer.alloc(row.messageTypes.get(type) ?? 10, 1);
      const { publicKey } = await pairOf(spec);
      const bytes = fc.oneof(
        fc.uint8Array(),
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        fc.uint8Array({ minLength: 256, maxLength: 256 }),
      );
      await fc.assert(
        fc.asyncProperty(bytes, async (signature) => {
          assert.equal(await row.verify(publicKey, message, type, signature), false);
        }),
        { numRuns },
      );
    }
  });

  test("RSAES-OAEP gives back what went in, and nothing for a changed ciphertext or any other bytes", async () => {
    const row = findEncryptionAlgorithm("RSAES_OAEP_SHA_256");
    assert.ok(row !== undefined);
    const { privateKey, publicKey } = await pairOf("RSA_2048");
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 190 }), fc.nat(), fc.uint8Array(), async (plaintext, at, other) => {
        const ciphertext = await row.encrypt(publicKey, plaintext);
        assert.deepEqual(await row.decrypt(privateKey, ciphertext), Buffer.from(plaintext));
        assert.equal(await row.decrypt(privateKey, flip(ciphertext, at)), undefined);
        assert.equal(await row.decrypt(privateKey, other), undefined);
      }),
      { numRuns },
    );
  });

  test("any bytes are a peer that ECDH derives nothing with", async () => {
    const { privateKey } = await pairOf("ECC_NIST_P256");
    const ecdh = findKeyAgreementAlgorithm("ECDH");
    fc.assert(fc.property(fc.uint8Array(), (peer) => assert.equal(ecdh?.derive(privateKey, peer), undefined)));
  });
});
