import assert from "node:assert/strict";
import { createHash, type KeyObject } from "node:crypto";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type KeySpec, keySpecs } from "../algorithms.ts";
import { CryptoInvariantError } from "../invariant.ts";
import { publicKeyOf } from "../public-key.ts";
import { SecretBytes } from "../secret-bytes.ts";
import { pairOf, signingAlgorithm } from "../testing/pairs.ts";
import { encodePkcs8 } from "../testing/pkcs8.ts";

const row = signingAlgorithm("ML_DSA_SHAKE_256");
const specs: readonly KeySpec[] = ["ML_DSA_44", "ML_DSA_65", "ML_DSA_87"];

/** FIPS 204 section 6.2, step 6, of the message M' with an empty context (section 5.2), by OpenSSL's SHAKE256. */
function muOf(publicKey: KeyObject, message: Uint8Array): Buffer {
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(22);
  const tr = createHash("shake256", { outputLength: 64 }).update(raw).digest();
  return createHash("shake256", { outputLength: 64 }).update(tr).update(Buffer.of(0, 0)).update(message).digest();
}

for (const spec of specs) {
  describe(spec, () => {
    test("signatures of a message and of its mu are the same: each verifies as both", async () => {
      const { privateKey, publicKey } = await pairOf(spec);
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (message) => {
          const mu = muOf(publicKey, message);
          for (const signature of [
            await row.sign(privateKey, message, "RAW"),
            await row.sign(privateKey, mu, "EXTERNAL_MU"),
          ]) {
            assert.equal(await row.verify(publicKey, message, "RAW", signature), true);
            assert.equal(await row.verify(publicKey, mu, "EXTERNAL_MU", signature), true);
            assert.equal(await row.verify(publicKey, mu, "RAW", signature), false);
          }
        }),
        { numRuns: 5 },
      );
    });

    test("a changed bit of signature or mu, another length or key: refused alike for either type", async () => {
      const { privateKey, publicKey } = await pairOf(spec);
      const { publicKey: otherKey } = await pairOf(spec, 2);
      const message = Buffer.from("message");
      const mu = muOf(publicKey, message);
      const signature = await row.sign(privateKey, mu, "EXTERNAL_MU");
      for (const [input, type] of [
        [message, "RAW"],
        [mu, "EXTERNAL_MU"],
      ] as const) {
        const verifies = (changed: Uint8Array) => row.verify(publicKey, input, type, changed);
        assert.equal(await verifies(signature), true);
        assert.equal(await row.verify(otherKey, input, type, signature), false);
        // The last bits are hints that a wrong encoding makes malformed, the first the challenge.
        for (const bit of [0, 255, 4000, signature.length * 8 - 1]) {
          assert.equal(await verifies(flip(signature, bit)), false, `bit ${bit}`);
        }
        for (const bit of [0, 7, input.length * 8 - 1]) {
          assert.equal(await row.verify(publicKey, flip(input, bit), type, signature), false);
        }
        assert.equal(await verifies(signature.subarray(1)), false);
        assert.equal(await verifies(Buffer.alloc(0)), false);
        assert.equal(await verifies(Buffer.concat([signature, Buffer.of(0)])), false);
      }
    });

    test("signatures are hedged: no two are the same", async () => {
      const { privateKey } = await pairOf(spec);
      for (const type of ["RAW", "EXTERNAL_MU"] as const) {
        const [first, second] = [
          await row.sign(privateKey, Buffer.alloc(64), type),
          await row.sign(privateKey, Buffer.alloc(64), type),
        ];
        assert.equal(first.equals(second), false);
      }
    });

    test("a mu that was signed leaves the caller's buffer alone", async () => {
      const { privateKey } = await pairOf(spec);
      const mu = Buffer.alloc(64, 7);
      await row.sign(privateKey, mu, "EXTERNAL_MU");
      assert.deepEqual(mu, Buffer.alloc(64, 7));
    });
  });
}

test("signatures of mus, many at a time, leave the event loop to others", async () => {
  const { privateKey, publicKey } = await pairOf("ML_DSA_87");
  const mus = Array.from({ length: 5 }, (_, index) => Buffer.alloc(64, index));
  let hasTurned = false;
  setImmediate(() => {
    hasTurned = true;
  });
  const signatures = await Promise.all(mus.map((mu) => row.sign(privateKey, mu, "EXTERNAL_MU")));
  assert.equal(hasTurned, true);
  hasTurned = false;
  setImmediate(() => {
    hasTurned = true;
  });
  for (const [index, signature] of signatures.entries()) {
    const verdicts = await Promise.all(mus.map((mu) => row.verify(publicKey, mu, "EXTERNAL_MU", signature)));
    assert.deepEqual(
      verdicts,
      mus.map((_, other) => other === index),
    );
  }
  assert.equal(hasTurned, true);
});

test("a mu of another length, and a digest, are a caller's mistake", async () => {
  const { privateKey, publicKey } = await pairOf("ML_DSA_44");
  for (const [bytes, type] of [
    [63, "EXTERNAL_MU"],
    [65, "EXTERNAL_MU"],
    [32, "DIGEST"],
  ] as const) {
    await assert.rejects(async () => row.sign(privateKey, Buffer.alloc(bytes), type), CryptoInvariantError);
    await assert.rejects(
      async () => row.verify(publicKey, Buffer.alloc(bytes), type, Buffer.alloc(2420)),
      CryptoInvariantError,
    );
  }
});

test("keys of other kinds sign no mu", async () => {
  const { privateKey, publicKey } = await pairOf("ML_KEM_512");
  await assert.rejects(async () => row.sign(privateKey, Buffer.alloc(64), "EXTERNAL_MU"), /has made none/);
  await assert.rejects(
    async () => row.verify(publicKey, Buffer.alloc(64), "EXTERNAL_MU", Buffer.alloc(1)),
    /has made none/,
  );
});

test("private keys load as seed, expanded, and both where they agree, and sign alike", async () => {
  const { ml_dsa44: implementation } = await import("@noble/post-quantum/ml-dsa.js");
  const seed = Buffer.alloc(32, 1);
  const expanded = Buffer.from(implementation.keygen(seed).secretKey);
  const load = (key: Parameters<typeof encodePkcs8>[1]) =>
    keySpecs.get("ML_DSA_44")?.load(SecretBytes.takeFrom(encodePkcs8("ML_DSA_44", key)));
  const keys = [load({ seed }), load({ expanded }), load({ seed, expanded })];
  for (const key of keys) {
    assert.ok(key !== undefined);
    const mu = muOf(publicKeyOf(key), Buffer.from("message"));
    const signature = await row.sign(key, mu, "EXTERNAL_MU");
    for (const other of keys) {
      assert.ok(other !== undefined);
      assert.equal(await row.verify(publicKeyOf(other), Buffer.from("message"), "RAW", signature), true);
    }
  }
  assert.equal(load({ seed: Buffer.alloc(32, 2), expanded }), undefined);
  assert.equal(load({ seed: Buffer.alloc(31) }), undefined);
  assert.equal(load({ expanded: expanded.subarray(1) }), undefined);
  assert.equal(load({ expanded: flip(expanded, 1000 * 8) }), undefined);
});

function flip(bytes: Uint8Array, bit: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
}
