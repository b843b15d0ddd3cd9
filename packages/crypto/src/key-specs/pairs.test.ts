import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { test } from "node:test";
import { findKeySpec, type KeySpec, keySpecs } from "../algorithms.ts";
import { SecretBytes } from "../secret-bytes.ts";
import { pairOf } from "../testing/pairs.ts";

function load(spec: KeySpec, privateKey: KeyObject): KeyObject | undefined {
  return findKeySpec(spec)?.load(SecretBytes.takeFrom(privateKey.export({ format: "der", type: "pkcs8" })));
}

function rsaKey(modulusLength: number, publicExponent: number): KeyObject {
  return generateKeyPairSync("rsa", { modulusLength, publicExponent }).privateKey;
}

const pairSpecs = [
  "RSA_2048",
  "RSA_3072",
  "ECC_NIST_P256",
  "ECC_NIST_P384",
  "ECC_NIST_P521",
  "ECC_SECG_P256K1",
] as const;

// Secrets have lengths and no form: a short private key could be one.
const ofPairs = [...keySpecs.values()].filter((row) => row.kind === "pair").map((row) => row.spec);

test("a pair is loaded by its own spec alone", async () => {
  for (const spec of [...pairSpecs, "ECC_NIST_EDWARDS25519"] as const) {
    const { privateKey } = await pairOf(spec);
    const loading = ofPairs.filter((other) => load(other, privateKey) !== undefined);
    assert.deepEqual(loading, [spec]);
  }
});

test("RSA: other sizes, exponents and the type bound to PSS are not loaded", () => {
  assert.ok(load("RSA_2048", rsaKey(2048, 65537)) !== undefined);
  const pss = generateKeyPairSync("rsa-pss", { modulusLength: 2048, publicExponent: 65537 }).privateKey;
  for (const key of [rsaKey(1024, 65537), rsaKey(2047, 65537), rsaKey(2048, 3), pss]) {
    for (const spec of ofPairs) assert.equal(load(spec, key), undefined);
  }
});

test("curves: other curves, and parameters that are spelt out, are not loaded", () => {
  const others = ["secp224r1", "brainpoolP256r1"].map(
    (namedCurve) => generateKeyPairSync("ec", { namedCurve }).privateKey,
  );
  const explicit = ["prime256v1", "secp384r1", "secp521r1", "secp256k1"].map(
    (namedCurve) => generateKeyPairSync("ec", { namedCurve, paramEncoding: "explicit" }).privateKey,
  );
  for (const key of [...others, ...explicit, generateKeyPairSync("ed448").privateKey]) {
    for (const spec of ofPairs) assert.equal(load(spec, key), undefined);
  }
});

test("a private key with somebody else's public key is not loaded", async () => {
  for (const spec of ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1"] as const) {
    const [mine, other] = [await pairOf(spec), await pairOf(spec, 2)];
    const der = mine.privateKey.export({ format: "der", type: "pkcs8" });
    const point = other.publicKey.export({ format: "raw-public" });
    der.set(point, der.length - point.length);
    assert.equal(findKeySpec(spec)?.load(SecretBytes.takeFrom(der)), undefined, spec);
  }
  const { privateKey } = await pairOf("RSA_2048");
  const der = privateKey.export({ format: "der", type: "pkcs8" });
  // Within the modulus, which the private exponent then does not belong to.
  der[100] = (der[100] ?? 0) ^ 1;
  assert.equal(findKeySpec("RSA_2048")?.load(SecretBytes.takeFrom(der)), undefined);
});
