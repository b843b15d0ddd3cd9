import assert from "node:assert/strict";
import { test } from "node:test";
import { findKeySpec } from "./algorithms.ts";
import { exposeSecretBytes } from "./hazmat.ts";
import { findKeyAgreementAlgorithm } from "./key-agreement.ts";
import { SecretBytes } from "./secret-bytes.ts";
import { fromHex, readVectors } from "./testing/vectors.ts";

interface EcdhCase {
  readonly file: string;
  readonly tcId: number;
  readonly result: "valid" | "invalid" | "acceptable";
  readonly flags: readonly string[];
  readonly curve: "secp256r1" | "secp384r1" | "secp521r1";
  readonly privateKeyDerHex: string;
  readonly publicKeyDerHex: string;
  readonly sharedSecretHex: string;
}

const specs = { secp256r1: "ECC_NIST_P256", secp384r1: "ECC_NIST_P384", secp521r1: "ECC_NIST_P521" } as const;

test("Wycheproof ECDH: points on the named curve derive, and nothing else", async () => {
  const ecdh = findKeyAgreementAlgorithm("ECDH");
  for (const vector of readVectors<EcdhCase>("wycheproof/ecdh.json.gz")) {
    const name = `${vector.file} ${vector.tcId} ${vector.flags}`;
    using material = SecretBytes.takeFrom(fromHex(vector.privateKeyDerHex));
    const key = findKeySpec(specs[vector.curve])?.load(material);
    assert.ok(key !== undefined, name);
    using secret = await ecdh?.derive(key, fromHex(vector.publicKeyDerHex));
    const derived = secret && exposeSecretBytes(secret);
    // Compressed points are acceptable and accepted; parameters that are spelt out are acceptable at most, and refused.
    const isAccepted = vector.result === "valid" || vector.flags.includes("CompressedPublic");
    assert.deepEqual(derived, isAccepted ? fromHex(vector.sharedSecretHex) : undefined, name);
  }
});
