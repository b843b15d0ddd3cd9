import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeExternalBlob, externalBlobAad, parseExternalBlob } from "./external-blob.ts";
import {
  decryptExternal,
  type ExternalCiphertext,
  encryptExternal,
  externalIntegrityValue,
  externalKeyVersion,
} from "./external-ciphertext.ts";
import { encryptExternalFrom } from "./external-ciphertext-internal.ts";
import { CryptoInvariantError } from "./invariant.ts";
import { encryptKmsBlob, parseKmsBlob } from "./kms-blob.ts";
import { bitFlips, fixedNonce, fromHex, keyFromHex, readVectors } from "./testing/vectors.ts";

interface FrozenCase {
  readonly name: string;
  readonly materialHex: string;
  readonly keyVersion: number;
  readonly aadHex: string;
  readonly randomHex: string;
  readonly plaintextHex: string;
  readonly metadataHex: string;
  readonly ivHex: string;
  readonly ciphertextHex: string;
  readonly tagHex: string;
  readonly integrityHex: string;
  readonly keyId: string;
  readonly blobAadHex: string;
  readonly blobHex: string;
}

const frozen = readVectors<FrozenCase>("external-v1.json");
const keyId = "1234abcd-12ab-34cd-56ef-1234567890ab";
const material = keyFromHex("07".repeat(32));
const aad = Buffer.from("associated");
const plaintext = Buffer.from("plaintext");
const sample = () => encryptExternal({ material, keyVersion: 3, plaintext, aad });

function hexOf({ ciphertext, metadata, iv, tag }: ExternalCiphertext): string[] {
  return [ciphertext, metadata, iv, tag].map((part) => Buffer.from(part).toString("hex"));
}

test("frozen ciphertexts decrypt, and are made again byte by byte", () => {
  for (const vector of frozen) {
    const { name, keyVersion } = vector;
    const key = keyFromHex(vector.materialHex);
    const bound = fromHex(vector.aadHex);
    const parts = {
      ciphertext: fromHex(vector.ciphertextHex),
      metadata: fromHex(vector.metadataHex),
      iv: fromHex(vector.ivHex),
      tag: fromHex(vector.tagHex),
    };
    assert.equal(externalKeyVersion(parts.metadata), keyVersion, name);
    assert.equal(decryptExternal(parts, key, bound)?.toString("hex"), vector.plaintextHex, name);
    assert.equal(externalIntegrityValue(parts, bound).toString("hex"), vector.integrityHex, name);
    const input = { material: key, keyVersion, plaintext: fromHex(vector.plaintextHex), aad: bound };
    assert.deepEqual(hexOf(encryptExternalFrom(fixedNonce(fromHex(vector.randomHex)), input)), hexOf(parts), name);
    assert.equal(encodeExternalBlob(vector.keyId, keyVersion, parts).toString("hex"), vector.blobHex, name);
    assert.equal(externalBlobAad(vector.keyId, keyVersion, bound).toString("hex"), vector.blobAadHex, name);
    const blob = parseExternalBlob(fromHex(vector.blobHex));
    assert.ok(blob !== undefined, name);
    assert.deepEqual([blob.keyId, blob.keyVersion, hexOf(blob.parts)], [vector.keyId, keyVersion, hexOf(parts)], name);
  }
});

test("the integrity value of AWS's own example", () => {
  // XKS Proxy API 1.0.3, Encrypt and appendix C (facts; CC-BY-SA-4.0).
  const parts = {
    ciphertext: Buffer.from("ghxkK1txeDNn3q8Y", "base64"),
    metadata: Buffer.from("a2V5X3ZlcnNpb249MQ==", "base64"),
    iv: Buffer.from("HMrlRw85cAJUd5Ax", "base64"),
    tag: Buffer.from("vBxN2ncH1oEkR8WVXpmyYQ==", "base64"),
  };
  const bound = Buffer.from("cHJvamVjdD1uaWxlLGRlcGFydG1lbnQ9bWFya2V0aW5n", "base64");
  assert.equal(externalIntegrityValue(parts, bound).toString("base64"), "qHA/ImC9h5HsLRXqCyPmWgYx7tzyoTplzILbP0fPXsc=");
});

test("any changed bit of any part, or of the AAD, fails", () => {
  const parts = sample();
  assert.deepEqual(decryptExternal(parts, material, aad), plaintext);
  for (const member of ["ciphertext", "metadata", "iv", "tag"] as const) {
    for (const { bit, changed } of bitFlips(parts[member])) {
      assert.equal(decryptExternal({ ...parts, [member]: changed }, material, aad), undefined, `${member} ${bit}`);
    }
  }
  for (const { changed } of bitFlips(aad)) assert.equal(decryptExternal(parts, material, changed), undefined);
  assert.equal(decryptExternal(parts, keyFromHex("08".repeat(32)), aad), undefined);
});

test("bytes do not move between AAD and metadata", () => {
  const parts = sample();
  const moved = Buffer.concat([aad, parts.metadata]);
  assert.equal(decryptExternal({ ...parts, metadata: Buffer.alloc(0) }, material, moved), undefined);
});

test("parts of other lengths are refused, not thrown", () => {
  const parts = sample();
  for (const member of ["metadata", "iv", "tag"] as const) {
    for (const length of [0, 1, 11, 13, 15, 17, 19, 21, 64]) {
      if (length === parts[member].length) continue;
      assert.equal(decryptExternal({ ...parts, [member]: Buffer.alloc(length) }, material, aad), undefined);
    }
  }
});

test("what cannot be encrypted is a bug of the caller", () => {
  const good = { material, keyVersion: 1, plaintext, aad };
  for (const keyVersion of [0, -1, 1.5, 2 ** 32]) {
    assert.throws(() => encryptExternal({ ...good, keyVersion }), CryptoInvariantError);
  }
  assert.throws(() => encryptExternal({ ...good, aad: Buffer.alloc(65_536) }), CryptoInvariantError);
  assert.throws(() => encryptExternal({ ...good, material: keyFromHex("07".repeat(16)) }), CryptoInvariantError);
});

test("a blob round trips with any parts that a proxy may answer, and nothing else parses", () => {
  const bytes = (...lengths: number[]) =>
    fc.constantFrom(...lengths).chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));
  const parts = fc.record({
    ciphertext: fc.uint8Array({ minLength: 1, maxLength: 50 }),
    metadata: fc.uint8Array({ maxLength: 20 }),
    iv: bytes(12, 16),
    tag: bytes(16),
  });
  fc.assert(
    fc.property(parts, fc.integer({ min: 1, max: 0xffff_ffff }), (given, version) => {
      const blob = parseExternalBlob(encodeExternalBlob(keyId, version, given));
      assert.ok(blob !== undefined);
      assert.deepEqual([blob.keyId, blob.keyVersion, hexOf(blob.parts)], [keyId, version, hexOf(given)]);
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (any) => parseExternalBlob(any) === undefined));
  const blob = encodeExternalBlob(keyId, 1, sample());
  const shortest = blob.length - plaintext.length + 1;
  for (let length = 0; length < shortest; length += 1)
    assert.equal(parseExternalBlob(blob.subarray(0, length)), undefined);
  assert.equal(parseKmsBlob(blob), undefined);
  assert.equal(parseExternalBlob(encryptKmsBlob({ material, keyId, keyVersion: 1, plaintext, aad })), undefined);
});

test("a blob cannot be made of parts that do not fit", () => {
  const parts = sample();
  for (const wrong of [
    { iv: Buffer.alloc(13) },
    { tag: Buffer.alloc(15) },
    { metadata: Buffer.alloc(21) },
    { ciphertext: Buffer.alloc(0) },
  ]) {
    assert.throws(() => encodeExternalBlob(keyId, 1, { ...parts, ...wrong }), CryptoInvariantError);
  }
  assert.throws(() => externalBlobAad("no id", 1, aad), CryptoInvariantError);
});
