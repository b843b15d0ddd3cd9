import assert from "node:assert/strict";
import type { KeyObject } from "node:crypto";
import { test } from "node:test";
import { type KeySpec, keySpecs } from "./algorithms.ts";
import { sha256Hex } from "./digest.ts";
import { findEncapsulationAlgorithm } from "./encapsulation-algorithms.ts";
import { exposeSecretBytes } from "./hazmat.ts";
import { publicKeyOf } from "./public-key.ts";
import { SecretBytes } from "./secret-bytes.ts";
import { encodePkcs8 } from "./testing/pkcs8.ts";
import { fromHex, readVectors } from "./testing/vectors.ts";

interface KemCase {
  readonly spec: KeySpec;
  readonly tcId: number;
  readonly result: "valid" | "invalid";
  readonly flags: readonly string[];
  readonly ciphertextHex: string;
  readonly sharedSecretHex?: string;
}

const kem = findEncapsulationAlgorithm("ML_KEM") ?? assert.fail();

function load(spec: KeySpec, form: "seed" | "expanded", hex: string): KeyObject | undefined {
  return keySpecs.get(spec)?.load(SecretBytes.takeFrom(encodePkcs8(spec, { [form]: fromHex(hex) })));
}

function decapsulated(privateKey: KeyObject, ciphertext: Buffer): string | undefined {
  const secret = kem.decapsulate(privateKey, ciphertext);
  return secret && exposeSecretBytes(secret).toString("hex");
}

test("Wycheproof ML-KEM: each seed gives its pair", () => {
  type Case = Pick<KemCase, "spec" | "tcId"> & { readonly seedHex: string; readonly publicKeySha256Hex: string };
  for (const { spec, tcId, seedHex, publicKeySha256Hex } of readVectors<Case>("wycheproof/ml-kem-generate.json.gz")) {
    const privateKey = load(spec, "seed", seedHex);
    assert.ok(privateKey !== undefined, `${spec} ${tcId}`);
    const spki = publicKeyOf(privateKey).export({ format: "der", type: "spki" });
    assert.equal(sha256Hex(spki.subarray(22)), publicKeySha256Hex, `${spec} ${tcId}`);
  }
});

test("Wycheproof ML-KEM: a seed's key decapsulates, and refuses ciphertexts and seeds of other lengths", () => {
  type Case = KemCase & { readonly seedHex: string };
  for (const vector of readVectors<Case>("wycheproof/ml-kem-decapsulate.json.gz")) {
    const { spec, tcId, result, seedHex, ciphertextHex, sharedSecretHex } = vector;
    const privateKey = load(spec, "seed", seedHex);
    const secret = privateKey && decapsulated(privateKey, fromHex(ciphertextHex));
    assert.equal(secret, result === "valid" ? sharedSecretHex : undefined, `${spec} ${tcId}`);
  }
});

test("Wycheproof ML-KEM: an expanded key decapsulates when it is whole and consistent", () => {
  type Case = KemCase & { readonly privateKeyHex: string };
  for (const vector of readVectors<Case>("wycheproof/ml-kem-expanded.json.gz")) {
    const { spec, tcId, result, flags, privateKeyHex, ciphertextHex, sharedSecretHex } = vector;
    const privateKey = load(spec, "expanded", privateKeyHex);
    const isBadKey = flags.some((flag) => flag.endsWith("DecapsulationKey") || flag.endsWith("KeyLength"));
    assert.equal(privateKey === undefined, isBadKey, `${spec} ${tcId}`);
    const secret = privateKey && decapsulated(privateKey, fromHex(ciphertextHex));
    assert.equal(secret, result === "valid" ? sharedSecretHex : undefined, `${spec} ${tcId}`);
  }
});
