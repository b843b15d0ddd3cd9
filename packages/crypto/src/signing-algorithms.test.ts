import assert from "node:assert/strict";
import { hash, randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { findKeySpec, type KeySpec } from "./algorithms.ts";
import { CryptoInvariantError } from "./invariant.ts";
import { findSigningAlgorithm } from "./signing-algorithms.ts";
import { pairOf, randomMessage, signingAlgorithm } from "./testing/pairs.ts";

const specs: readonly KeySpec[] = [
  "RSA_2048",
  "RSA_3072",
  "RSA_4096",
  "ECC_NIST_P256",
  "ECC_NIST_P384",
  "ECC_NIST_P521",
  "ECC_SECG_P256K1",
  "ECC_NIST_EDWARDS25519",
];

for (const spec of specs) {
  describe(spec, () => {
    for (const name of findKeySpec(spec)?.algorithms.get("SIGN_VERIFY") ?? []) {
      const row = signingAlgorithm(name);
      for (const type of row.messageTypes.keys()) {
        test(`${name} of a ${type} verifies, and no other message, signature or key does`, async () => {
          const { privateKey, publicKey } = await pairOf(spec);
          const message = randomMessage(row, type);
          const signature = await row.sign(privateKey, message, type);
          assert.equal(await row.verify(publicKey, message, type, signature), true);
          assert.equal(await row.verify(publicKey, flipBit(message, 5), type, signature), false);
          for (const bit of [0, 9, signature.length * 4, signature.length * 8 - 1]) {
            assert.equal(await row.verify(publicKey, message, type, flipBit(signature, bit)), false, `bit ${bit}`);
          }
          for (const other of otherLengths(signature)) {
            assert.equal(await row.verify(publicKey, message, type, other), false, `${other.length} bytes`);
          }
          const { publicKey: otherKey } = await pairOf(spec, 2);
          assert.equal(await row.verify(otherKey, message, type, signature), false);
        });
      }
      if (row.messageTypes.size < 2) continue;
      test(`${name} of a message is ${name} of its digest`, async () => {
        const { privateKey, publicKey } = await pairOf(spec);
        const message = randomBytes(100);
        const digest = hash(name.slice(-7).replace("_", ""), message, "buffer");
        const ofMessage = await row.sign(privateKey, message, "RAW");
        assert.equal(await row.verify(publicKey, digest, "DIGEST", ofMessage), true);
        const ofDigest = await row.sign(privateKey, digest, "DIGEST");
        assert.equal(await row.verify(publicKey, message, "RAW", ofDigest), true);
      });
    }
  });
}

test("a type or length of a message that an algorithm does not take is a caller's mistake", async () => {
  const { privateKey, publicKey } = await pairOf("ECC_NIST_P256");
  const row = signingAlgorithm("ECDSA_SHA_256");
  const signature = await row.sign(privateKey, Buffer.alloc(32), "DIGEST");
  for (const [bytes, type] of [
    [31, "DIGEST"],
    [33, "DIGEST"],
    [64, "EXTERNAL_MU"],
  ] as const) {
    assert.throws(() => row.sign(privateKey, Buffer.alloc(bytes), type), CryptoInvariantError);
    assert.throws(() => row.verify(publicKey, Buffer.alloc(bytes), type, signature), CryptoInvariantError);
  }
});

test("Ed25519 takes a message pure, and a digest pre-hashed, never the other way round", () => {
  assert.deepEqual([...signingAlgorithm("ED25519_SHA_512").messageTypes], [["RAW", undefined]]);
  assert.deepEqual([...signingAlgorithm("ED25519_PH_SHA_512").messageTypes], [["DIGEST", 64]]);
});

test("an untrusted name finds its row or nothing", () => {
  for (const name of ["", "ecdsa_sha_256", "constructor", "__proto__", "RSASSA_PSS_SHA_1"]) {
    assert.equal(findSigningAlgorithm(name), undefined);
  }
});

function flipBit(bytes: Uint8Array, bit: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
}

function otherLengths(signature: Buffer): readonly Buffer[] {
  return [
    Buffer.alloc(0),
    signature.subarray(0, -1),
    signature.subarray(1),
    Buffer.concat([signature, Buffer.of(0)]),
    Buffer.concat([Buffer.of(0), signature]),
  ];
}
