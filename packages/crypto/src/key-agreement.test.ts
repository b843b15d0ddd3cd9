import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import type { KeySpec } from "./algorithms.ts";
import { findKeyAgreementAlgorithm, type KeyAgreementAlgorithmRow } from "./key-agreement.ts";
import { encodePublicKey } from "./public-key.ts";
import { pairOf } from "./testing/pairs.ts";

const specs: readonly (readonly [KeySpec, number])[] = [
  ["ECC_NIST_P256", 32],
  ["ECC_NIST_P384", 48],
  ["ECC_NIST_P521", 66],
];

function ecdh(): KeyAgreementAlgorithmRow {
  const row = findKeyAgreementAlgorithm("ECDH");
  assert.ok(row !== undefined);
  return row;
}

for (const [spec, fieldBytes] of specs) {
  test(`${spec}: both sides derive one secret of ${fieldBytes} bytes`, async () => {
    const [mine, theirs] = [await pairOf(spec), await pairOf(spec, 2)];
    using first = await ecdh().derive(mine.privateKey, encodePublicKey(theirs.publicKey));
    using second = await ecdh().derive(theirs.privateKey, encodePublicKey(mine.publicKey));
    assert.equal(first?.byteLength, fieldBytes);
    assert.ok(second !== undefined && first?.equals(second));
  });

  test(`${spec}: what is no public key on its curve derives nothing`, async () => {
    const { privateKey, publicKey } = await pairOf(spec);
    const peer = encodePublicKey(publicKey);
    const offCurve = Buffer.from(peer);
    offCurve[peer.length - 1] = (peer[peer.length - 1] ?? 0) ^ 1;
    const otherSpecs = [
      "ECC_NIST_P256",
      "ECC_NIST_P384",
      "ECC_SECG_P256K1",
      "ECC_NIST_EDWARDS25519",
      "RSA_2048",
    ] as const;
    const others = await Promise.all(
      otherSpecs.filter((other) => other !== spec).map(async (other) => (await pairOf(other)).publicKey),
    );
    const bad = [
      offCurve,
      peer.subarray(0, -1),
      Buffer.concat([peer, Buffer.of(0)]),
      Buffer.alloc(0),
      privateKey.export({ format: "der", type: "pkcs8" }),
      explicitKey(spec),
      ...others.map(encodePublicKey),
    ];
    for (const [index, bytes] of bad.entries())
      assert.equal(await ecdh().derive(privateKey, bytes), undefined, `${index}`);
  });
}

function explicitKey(spec: KeySpec): Buffer {
  const namedCurve = `P-${spec.slice(-3)}`;
  return generateKeyPairSync("ec", {
    namedCurve,
    paramEncoding: "explicit",
    publicKeyEncoding: { format: "der", type: "spki" },
    privateKeyEncoding: { format: "der", type: "pkcs8" },
  }).publicKey;
}

test("the point at infinity derives nothing", async () => {
  const { privateKey } = await pairOf("ECC_NIST_P256");
  // SubjectPublicKeyInfo: id-ecPublicKey, prime256v1, the one byte 00 (SEC 1 section 2.3.3).
  const infinity = Buffer.from("3019301306072a8648ce3d020106082a8648ce3d03010703020000", "hex");
  assert.equal(await ecdh().derive(privateKey, infinity), undefined);
});

test("an untrusted name finds its row or nothing", () => {
  for (const name of ["", "ecdh", "constructor", "__proto__"]) assert.equal(findKeyAgreementAlgorithm(name), undefined);
});
