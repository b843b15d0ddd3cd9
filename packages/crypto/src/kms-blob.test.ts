import assert from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { encodeEncryptionContext } from "./encryption-context.ts";
import { CryptoInvariantError } from "./invariant.ts";
import { decryptKmsBlob, encryptKmsBlob, parseKmsBlob } from "./kms-blob.ts";
import { blobStart, encryptKmsBlobFrom, kmsBlobOverheadBytes } from "./kms-blob-internal.ts";
import { bitFlips, fixedNonce, fromHex, keyFromHex, readVectors } from "./testing/vectors.ts";

interface FrozenCase {
  readonly name: string;
  readonly materialHex: string;
  readonly keyId: string;
  readonly keyVersion: number;
  readonly context: Record<string, string>;
  readonly nonceHex: string;
  readonly plaintextHex: string;
  readonly ciphertextHex: string;
}

const frozen = readVectors<FrozenCase>("kms-blob-v1.json");
const keyId = "1234abcd-12ab-34cd-56ef-1234567890ab";
const material = keyFromHex("07".repeat(32));
const aad = encodeEncryptionContext({ purpose: "test" });
const sample = { material, keyId, keyVersion: 3, plaintext: Buffer.from("plaintext"), aad };

function decrypt(blob: Uint8Array, key = material, context: Uint8Array = aad): Buffer | undefined {
  const parsed = parseKmsBlob(blob);
  return parsed && decryptKmsBlob(parsed, key, context);
}

test("frozen blobs decrypt, and are made again byte by byte", () => {
  for (const vector of frozen) {
    const { keyVersion, name } = vector;
    const parsed = parseKmsBlob(fromHex(vector.ciphertextHex));
    assert.ok(parsed !== undefined, name);
    assert.equal(parsed.algorithm, "AES-256-GCM-HMAC-SHA512-COMMIT");
    assert.equal(parsed.keyId, vector.keyId, name);
    assert.equal(parsed.keyVersion, keyVersion, name);
    const key = keyFromHex(vector.materialHex);
    const context = encodeEncryptionContext(vector.context);
    assert.equal(decryptKmsBlob(parsed, key, context)?.toString("hex"), vector.plaintextHex, name);
    const input = {
      material: key,
      keyId: vector.keyId,
      keyVersion,
      plaintext: fromHex(vector.plaintextHex),
      aad: context,
    };
    const again = encryptKmsBlobFrom(fixedNonce(fromHex(vector.nonceHex)), input);
    assert.equal(again.toString("hex"), vector.ciphertextHex, name);
  }
});

test("round trip for any key id, version, context and plaintext", () => {
  const hex = fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 32, maxLength: 32 });
  const ids = fc.oneof(
    fc.uuid(),
    hex.map((digits) => `mrk-${digits}`),
  );
  const bytes = fc.uint8Array({ maxLength: 200 });
  const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(
      ids,
      fc.integer({ min: 1, max: 0xffff_ffff }),
      keys,
      bytes,
      bytes,
      (id, version, key, text, context) => {
        const secretKey = createSecretKey(key);
        const input = { material: secretKey, keyId: id, keyVersion: version, plaintext: text, aad: context };
        const blob = encryptKmsBlob(input);
        assert.equal(blob.length, text.length + kmsBlobOverheadBytes);
        const parsed = parseKmsBlob(blob);
        assert.ok(parsed !== undefined);
        assert.deepEqual([parsed.keyId, parsed.keyVersion], [id, version]);
        assert.deepEqual(decryptKmsBlob(parsed, secretKey, context), Buffer.from(text));
      },
    ),
  );
});

test("every single bit of a blob counts", () => {
  const blob = encryptKmsBlob(sample);
  assert.equal(decrypt(blob)?.toString(), "plaintext");
  for (const { bit, changed } of bitFlips(blob)) assert.equal(decrypt(changed), undefined, `bit ${bit}`);
});

test("a blob that is cut or extended, at either end, is refused", () => {
  const blob = encryptKmsBlob(sample);
  for (let length = 0; length < blob.length; length++) {
    assert.equal(decrypt(blob.subarray(0, length)), undefined);
    assert.equal(decrypt(blob.subarray(blob.length - length)), undefined);
  }
  assert.equal(decrypt(Buffer.concat([blob, Buffer.alloc(1)])), undefined);
  assert.equal(decrypt(Buffer.concat([Buffer.alloc(1), blob])), undefined);
  assert.equal(decrypt(Buffer.concat([blob, blob])), undefined);
});

test("another key, or another context, is refused", () => {
  const blob = encryptKmsBlob(sample);
  assert.equal(decrypt(blob, keyFromHex("08".repeat(32))), undefined);
  for (const context of [{}, { purpose: "Test" }, { Purpose: "test" }, { purpose: "test", more: "" }]) {
    assert.equal(decrypt(blob, material, encodeEncryptionContext(context)), undefined);
  }
  for (const { changed } of bitFlips(aad)) assert.equal(decrypt(blob, material, changed), undefined);
});

test("a blob given out under another key id or version is refused, though the material is the same", () => {
  const blob = encryptKmsBlob(sample);
  const header = (id: string, version: number) =>
    encryptKmsBlob({ ...sample, keyId: id, keyVersion: version }).subarray(0, blobStart.length + 1 + 16 + 4);
  const renamed = (start: Buffer) => Buffer.concat([start, blob.subarray(start.length)]);
  assert.equal(decrypt(renamed(header(keyId, 3)))?.toString(), "plaintext");
  assert.equal(decrypt(renamed(header(keyId, 4))), undefined);
  assert.equal(decrypt(renamed(header("1234abcd-12ab-34cd-56ef-1234567890ac", 3))), undefined);
  assert.equal(decrypt(renamed(header(`mrk-${keyId.replaceAll("-", "")}`, 3))), undefined);
});

test("parsing takes nothing that encryption cannot have made, and never throws", () => {
  const blob = encryptKmsBlob(sample);
  const withByte = (index: number, value: number) => Buffer.from(blob).fill(value, index, index + 1);
  for (const index of [0, 1, 2, 3, 4, 5]) assert.equal(parseKmsBlob(withByte(index, 0xff)), undefined, `byte ${index}`);
  for (const kind of [2, 3, 255]) assert.equal(parseKmsBlob(withByte(6, kind)), undefined);
  assert.equal(parseKmsBlob(Buffer.from(blob).fill(0, 23, 27)), undefined, "version 0");
  assert.equal(parseKmsBlob(blob.subarray(0, kmsBlobOverheadBytes - 1)), undefined);
  assert.ok(parseKmsBlob(blob.subarray(0, kmsBlobOverheadBytes)) !== undefined);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (tail) => {
      assert.equal(parseKmsBlob(tail), undefined);
      const parsed = parseKmsBlob(Buffer.concat([blobStart, tail]));
      if (parsed) assert.equal(decryptKmsBlob(parsed, material, aad), undefined);
    }),
    { numRuns: 500 },
  );
});

test("a blob within a larger buffer is read in place", () => {
  const blob = encryptKmsBlob(sample);
  const around = new Uint8Array(blob.length + 20);
  around.set(blob, 11);
  assert.equal(decrypt(around.subarray(11, 11 + blob.length))?.toString(), "plaintext");
});

test("each message has its own nonce, commitment and ciphertext, and a caller cannot set the nonce", () => {
  const blobs = Array.from({ length: 200 }, () => encryptKmsBlob(sample));
  for (const start of [27, 59, 91]) {
    assert.equal(new Set(blobs.map((blob) => blob.toString("hex", start, start + 9))).size, blobs.length);
  }
  const nonce = Buffer.alloc(32);
  // @ts-expect-error a nonce is not accepted
  const blob = encryptKmsBlob({ ...sample, nonce });
  assert.notDeepEqual(blob.subarray(27, 59), nonce);
});

test("encryption leaves plaintext, AAD and neighbouring memory alone", () => {
  const plaintext = Buffer.from("plaintext");
  const context = Buffer.from("context");
  const blob = encryptKmsBlob({ ...sample, plaintext, aad: context });
  assert.equal(plaintext.toString(), "plaintext");
  assert.equal(context.toString(), "context");
  assert.equal(decrypt(blob, material, context)?.toString(), "plaintext");
});

test("malformed key ids, versions and materials are bugs of the caller", () => {
  const badIds = [
    "",
    keyId.toUpperCase(),
    keyId.slice(1),
    `${keyId}0`,
    keyId.replace("-", "0"),
    keyId.replaceAll("-", "_"),
    `${keyId.slice(0, -1)}g`,
    `${keyId.slice(0, -1)}\u0131`,
    `mrk-${"g".repeat(32)}`,
    `mrk-${"A".repeat(32)}`,
    `mrk-${"a".repeat(31)}`,
    `mrk-${"a".repeat(33)}`,
    "alias/name",
    "12345678901234567890123456789012abcd",
  ];
  for (const id of badIds) {
    assert.throws(() => encryptKmsBlob({ ...sample, keyId: id }), CryptoInvariantError, id);
  }
  for (const keyVersion of [0, -1, 1.5, 2 ** 32, Number.NaN]) {
    assert.throws(() => encryptKmsBlob({ ...sample, keyVersion }), CryptoInvariantError);
  }
  for (const bytes of [16, 31, 33, 64]) {
    const other = createSecretKey(Buffer.alloc(bytes, 1));
    assert.throws(() => encryptKmsBlob({ ...sample, material: other }), CryptoInvariantError);
  }
});
