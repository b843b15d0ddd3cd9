import assert from "node:assert/strict";
import { createDecipheriv } from "node:crypto";
import { test } from "node:test";
import { openMessage } from "./committing-aead.ts";
import { unwrapKeyMaterial } from "./key-wrap.ts";
import { wrapLabel } from "./key-wrap-internal.ts";
import { decryptKmsBlob, parseKmsBlob } from "./kms-blob.ts";
import { blobLabel, blobOffsets } from "./kms-blob-internal.ts";
import { deriveMessageKeys } from "./message-keys.ts";
import { makeTwoKeyCiphertext } from "./testing/two-key-ciphertext.ts";
import { fromHex, keyFromHex, readVectors } from "./testing/vectors.ts";

const iv = Buffer.alloc(12);
const materials = [keyFromHex("a1".repeat(32)), keyFromHex("b2".repeat(32))] as const;

/** A message that AES-GCM accepts under both materials; its commitment is that of the first. */
function makeTwoKeyMessage(label: string, start: Buffer, aad: Buffer): Buffer {
  const first = deriveMessageKeys(materials[0], label, start);
  const second = deriveMessageKeys(materials[1], label, start);
  const header = Buffer.concat([start, first.commitment]);
  const joinedAad = Buffer.concat([header, aad]);
  const body = makeTwoKeyCiphertext(first.encryptionKey, second.encryptionKey, iv, joinedAad);
  for (const key of [first.encryptionKey, second.encryptionKey]) {
    const decipher = createDecipheriv("aes-256-gcm", key, iv).setAAD(joinedAad).setAuthTag(body.subarray(32));
    decipher.update(body.subarray(0, 32));
    decipher.final(); // throws if the crafted tag were not valid under this key
  }
  return Buffer.concat([header, body]);
}

test("a blob made to open under two keys opens under the committed one alone", () => {
  const [vector] = readVectors<{ ciphertextHex: string }>("kms-blob-v1.json");
  const start = fromHex(vector!.ciphertextHex).subarray(0, blobOffsets.commitment);
  const aad = Buffer.from("aad");
  const parsed = parseKmsBlob(makeTwoKeyMessage(blobLabel, start, aad));
  assert.ok(parsed !== undefined);
  assert.equal(decryptKmsBlob(parsed, materials[0], aad)?.length, 32);
  assert.equal(decryptKmsBlob(parsed, materials[1], aad), undefined);
});

test("wrapped material made to open under two keys opens under the committed one alone", () => {
  const identity = Buffer.from("identity");
  const wrapped = makeTwoKeyMessage(wrapLabel, Buffer.alloc(33, 1), identity);
  assert.equal(unwrapKeyMaterial(materials[0], wrapped, identity)?.byteLength, 32);
  assert.equal(unwrapKeyMaterial(materials[1], wrapped, identity), undefined);
});

test("opening changes neither message nor AAD", () => {
  const aad = Buffer.from("aad");
  const message = makeTwoKeyMessage("label", Buffer.from("start"), aad);
  const before = Buffer.from(message);
  const frame = { label: "label", commitmentOffset: 5, aad };
  assert.ok(openMessage({ ...frame, material: materials[0] }, message) !== undefined);
  assert.equal(openMessage({ ...frame, material: materials[1] }, message), undefined);
  assert.deepEqual(message, before);
  assert.equal(aad.toString(), "aad");
});
