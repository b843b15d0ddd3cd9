import assert from "node:assert/strict";
import { createCipheriv, type KeyObject, publicEncrypt, randomBytes } from "node:crypto";
import { test } from "node:test";
import { type KeySpec, keySpecs } from "./algorithms.ts";
import { exposeSecretBytes } from "./hazmat.ts";
import { findImportWrapping, importWrappingKeySpecs } from "./import-wrapping.ts";
import { SecretBytes } from "./secret-bytes.ts";
import { pairOf } from "./testing/pairs.ts";
import { bitFlips, fromHex, readVectorFile, readVectors } from "./testing/vectors.ts";

interface WrappingCase {
  readonly spec: KeySpec;
  readonly algorithm: string;
  readonly what: string;
  readonly wrappedHex: string;
  readonly materialHex: string | null;
}

const names = ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256"];

function unwrap(name: string, privateKey: KeyObject, wrapped: Uint8Array): Promise<string | undefined> {
  const row = findImportWrapping(name) ?? assert.fail(name);
  return row.unwrap(privateKey, wrapped).then((material) => material && exposeSecretBytes(material).toString("hex"));
}

test("what another implementation wrapped unwraps, and what it wrapped in other ways does not", async () => {
  const { keys, cases } = readVectorFile<{
    keys: readonly { spec: KeySpec; pkcs8Hex: string }[];
    cases: readonly WrappingCase[];
  }>("import-wrapping.json");
  const loaded = new Map(
    keys.map(({ spec, pkcs8Hex }) => [spec, keySpecs.get(spec)?.load(SecretBytes.takeFrom(fromHex(pkcs8Hex)))]),
  );
  assert.deepEqual(new Set(loaded.keys()), importWrappingKeySpecs);
  for (const { spec, algorithm, what, wrappedHex, materialHex } of cases) {
    const privateKey = loaded.get(spec) ?? assert.fail(spec);
    const unwrapped = await unwrap(algorithm, privateKey, fromHex(wrappedHex));
    assert.equal(unwrapped, materialHex ?? undefined, `${spec} ${algorithm}: ${what}`);
  }
});

interface KeyWrapCase {
  readonly tcId: number;
  readonly result: "valid" | "invalid";
  readonly keyHex: string;
  readonly plaintextHex: string;
  readonly wrappedHex: string;
}

test("Wycheproof AES-KWP: the inner wrapping of each case", async () => {
  const { privateKey, publicKey } = await pairOf("RSA_2048");
  for (const { tcId, result, keyHex, plaintextHex, wrappedHex } of readVectors<KeyWrapCase>(
    "wycheproof/aes-kwp.json.gz",
  )) {
    const wrapped = Buffer.concat([encryptOaep(publicKey, fromHex(keyHex)), fromHex(wrappedHex)]);
    const unwrapped = await unwrap("RSA_AES_KEY_WRAP_SHA_256", privateKey, wrapped);
    // The one valid case without a plaintext is no key material.
    assert.equal(unwrapped, result === "valid" && plaintextHex !== "" ? plaintextHex : undefined, `${tcId}`);
  }
});

test("any changed bit, a part missing and bytes too many are refused alike", async () => {
  const { privateKey, publicKey } = await pairOf("RSA_2048");
  const { privateKey: otherKey } = await pairOf("RSA_2048", 2);
  const material = randomBytes(40);
  const key = randomBytes(32);
  const wrapped = Buffer.concat([encryptOaep(publicKey, key), wrapPadded(key, material)]);
  const run = (changed: Uint8Array) => unwrap("RSA_AES_KEY_WRAP_SHA_256", privateKey, changed);
  assert.equal(await run(wrapped), material.toString("hex"));
  assert.equal(await unwrap("RSA_AES_KEY_WRAP_SHA_256", otherKey, wrapped), undefined);
  for (const { bit, changed } of bitFlips(wrapped)) {
    // Every bit of the inner wrapping, and some of the RSA ciphertext, which costs a private operation each.
    if (bit < 2048 && bit % 97 !== 0) continue;
    assert.equal(await run(changed), undefined, `bit ${bit}`);
  }
  for (const length of [0, 1, 255, 256, 257, 264, 272, wrapped.length - 8, wrapped.length - 1]) {
    assert.equal(await run(wrapped.subarray(0, length)), undefined, `${length} bytes`);
  }
  for (const more of [1, 8]) assert.equal(await run(Buffer.concat([wrapped, Buffer.alloc(more)])), undefined);
});

test("what was unwrapped came in no buffer of the caller's", async () => {
  const { privateKey, publicKey } = await pairOf("RSA_2048");
  const key = randomBytes(32);
  const wrapped = Buffer.concat([encryptOaep(publicKey, key), wrapPadded(key, Buffer.alloc(32, 1))]);
  const before = Buffer.from(wrapped);
  for (const name of names) await unwrap(name, privateKey, wrapped);
  assert.deepEqual(wrapped, before);
});

test("withdrawn, Chinese and unknown algorithms have no row", () => {
  for (const name of ["RSAES_PKCS1_V1_5", "SM2PKE", "", "rsaes_oaep_sha_1", "__proto__"]) {
    assert.equal(findImportWrapping(name), undefined);
  }
  for (const name of names) assert.equal(findImportWrapping(name)?.name, name);
});

function encryptOaep(publicKey: KeyObject, plaintext: Buffer): Buffer {
  return publicEncrypt({ key: publicKey, oaepHash: "sha256" }, plaintext);
}

function wrapPadded(key: Buffer, plaintext: Buffer): Buffer {
  const cipher = createCipheriv("id-aes256-wrap-pad", key, Buffer.from("a65959a6", "hex"));
  return Buffer.concat([cipher.update(plaintext), cipher.final()]);
}
