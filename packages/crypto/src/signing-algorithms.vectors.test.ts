import assert from "node:assert/strict";
import { createPublicKey, hash, type KeyObject } from "node:crypto";
import { test } from "node:test";
import { findKeySpec } from "./algorithms.ts";
import { SecretBytes } from "./secret-bytes.ts";
import { signingAlgorithm } from "./testing/pairs.ts";
import { fromHex, readVectors } from "./testing/vectors.ts";

interface SignatureCase {
  readonly file: string;
  readonly tcId: number;
  readonly result: "valid" | "invalid" | "acceptable";
  readonly flags: readonly string[];
  readonly messageHex: string;
  readonly signatureHex: string;
}

interface VerifyCase extends SignatureCase {
  readonly publicKeyDerHex: string;
}

interface HashedCase extends VerifyCase {
  readonly hash: "SHA-256" | "SHA-384" | "SHA-512";
}

interface PssCase extends HashedCase {
  readonly mgfHash: string;
  readonly saltBytes: number;
}

interface SignCase extends SignatureCase {
  readonly keyBits: number;
  readonly hash: "SHA-256" | "SHA-384" | "SHA-512";
  readonly privateKeyDerHex: string;
}

/** Whether each case's signature verifies, over its message and over the message's digest alike. */
async function verifyBoth(family: string, vector: HashedCase): Promise<boolean> {
  const row = signingAlgorithm(`${family}_${vector.hash.replace("-", "_")}`);
  const key = publicKey(vector);
  const [message, signature] = [fromHex(vector.messageHex), fromHex(vector.signatureHex)];
  const verdict = await row.verify(key, message, "RAW", signature);
  assert.equal(await row.verify(key, digest(vector.hash, message), "DIGEST", signature), verdict, name(vector));
  return verdict;
}

function publicKey({ publicKeyDerHex }: VerifyCase): KeyObject {
  return createPublicKey({ key: fromHex(publicKeyDerHex), format: "der", type: "spki" });
}

function digest(hashName: string, message: Buffer): Buffer {
  return hash(hashName.replace("-", ""), message, "buffer");
}

function name({ file, tcId, flags }: SignatureCase): string {
  return `${file} ${tcId} ${flags}`;
}

test("Wycheproof ECDSA: valid signatures in strict DER verify, and nothing else", async () => {
  for (const vector of readVectors<HashedCase>("wycheproof/ecdsa-verify.json.gz")) {
    assert.equal(await verifyBoth("ECDSA", vector), vector.result === "valid", name(vector));
  }
});

test("Wycheproof RSASSA-PKCS1-v1_5: valid signatures verify, and nothing else", async () => {
  for (const vector of readVectors<HashedCase>("wycheproof/rsa-pkcs1-verify.json.gz")) {
    // The acceptable ones leave out the NULL of the hash's AlgorithmIdentifier.
    assert.equal(await verifyBoth("RSASSA_PKCS1_V1_5", vector), vector.result === "valid", name(vector));
  }
});

test("Wycheproof RSASSA-PSS: valid signatures with AWS KMS's parameters verify, and nothing else", async () => {
  let other = 0;
  for (const vector of readVectors<PssCase>("wycheproof/rsa-pss-verify.json.gz")) {
    const hasOurs = vector.mgfHash === vector.hash && vector.saltBytes === Number(vector.hash.slice(4)) / 8;
    if (!hasOurs) other++;
    const isValid = hasOurs ? vector.result === "valid" : saltOfOurs.has(`${vector.file} ${vector.tcId}`);
    assert.equal(await verifyBoth("RSASSA_PSS", vector), isValid, name(vector));
  }
  assert.ok(other > 100, "signatures with other salt lengths and another MGF1 are there to be refused");
});

// Signatures that are wrong in their file for a salt of our length.
const saltOfOurs: ReadonlySet<string> = new Set(["rsa_pss_2048_sha256_mgf1_0 69"]);

test("Wycheproof Ed25519: valid signatures verify, and nothing else", async () => {
  const row = signingAlgorithm("ED25519_SHA_512");
  for (const vector of readVectors<VerifyCase>("wycheproof/ed25519-verify.json.gz")) {
    const [message, signature] = [fromHex(vector.messageHex), fromHex(vector.signatureHex)];
    const verdict = await row.verify(publicKey(vector), message, "RAW", signature);
    assert.equal(verdict, vector.result === "valid", name(vector));
  }
});

test("Wycheproof RSASSA-PKCS1-v1_5: signatures of messages and of digests are those of the vectors", async () => {
  const notLoaded: string[] = [];
  for (const vector of readVectors<SignCase>("wycheproof/rsa-pkcs1-sign.json.gz")) {
    const row = signingAlgorithm(`RSASSA_PKCS1_V1_5_${vector.hash.replace("-", "_")}`);
    using material = SecretBytes.takeFrom(fromHex(vector.privateKeyDerHex));
    const key = findKeySpec(`RSA_${vector.keyBits}`)?.load(material);
    if (key === undefined) {
      notLoaded.push(`${vector.flags}`);
      continue;
    }
    const message = fromHex(vector.messageHex);
    const signature = fromHex(vector.signatureHex);
    assert.deepEqual(await row.sign(key, message, "RAW"), signature, name(vector));
    assert.deepEqual(await row.sign(key, digest(vector.hash, message), "DIGEST"), signature, name(vector));
  }
  // Public exponents below 65537.
  assert.deepEqual(notLoaded, Array(5).fill("SmallPublicKey"));
});
