import assert from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { sealMessage } from "./committing-aead.ts";
import { exposeSecretBytes } from "./hazmat.ts";
import { encodeIdentity } from "./identity.ts";
import { CryptoInvariantError } from "./invariant.ts";
import { unwrapKeyMaterial, wrapKeyMaterial } from "./key-wrap.ts";
import { wrapKeyMaterialFrom, wrapLabel, wrapOffsets, wrapOverheadBytes } from "./key-wrap-internal.ts";
import { SecretBytes } from "./secret-bytes.ts";
import { bitFlips, fixedNonce, fromHex, keyFromHex, readVectors } from "./testing/vectors.ts";

const wrappingKey = keyFromHex("07".repeat(32));
const identity = encodeIdentity(["key version", "1"]);

function unwrapHex(wrapped: Uint8Array, key = wrappingKey, as: Uint8Array = identity): string | undefined {
  const secret = unwrapKeyMaterial(key, wrapped, as);
  return secret && exposeSecretBytes(secret).toString("hex");
}

interface FrozenCase {
  readonly name: string;
  readonly wrappingKeyHex: string;
  readonly identityFields: readonly string[];
  readonly identityHex: string;
  readonly nonceHex: string;
  readonly secretHex: string;
  readonly wrappedHex: string;
}

test("frozen wrapped material unwraps, and is made again byte by byte", () => {
  for (const vector of readVectors<FrozenCase>("key-wrap-v1.json")) {
    const key = keyFromHex(vector.wrappingKeyHex);
    const as = encodeIdentity(vector.identityFields);
    assert.equal(as.toString("hex"), vector.identityHex, vector.name);
    assert.equal(unwrapHex(fromHex(vector.wrappedHex), key, as), vector.secretHex, vector.name);
    const secret = SecretBytes.takeFrom(fromHex(vector.secretHex));
    const again = wrapKeyMaterialFrom(fixedNonce(fromHex(vector.nonceHex)), key, secret, as);
    assert.equal(again.toString("hex"), vector.wrappedHex, vector.name);
  }
});

test("round trip for any secret and identity", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.string()), (bytes, fields) => {
      const hex = Buffer.from(bytes).toString("hex");
      const as = encodeIdentity(fields);
      const wrapped = wrapKeyMaterial(wrappingKey, SecretBytes.takeFrom(bytes), as);
      assert.equal(wrapped.length, hex.length / 2 + wrapOverheadBytes);
      assert.equal(unwrapHex(wrapped, wrappingKey, as), hex);
    }),
  );
});

test("any changed bit, cut, extension, other key or other identity is refused", () => {
  const secret = SecretBytes.random(32);
  const wrapped = wrapKeyMaterial(wrappingKey, secret, identity);
  assert.ok(unwrapKeyMaterial(wrappingKey, wrapped, identity)?.equals(secret));
  for (const { bit, changed } of bitFlips(wrapped)) assert.equal(unwrapHex(changed), undefined, `bit ${bit}`);
  for (let length = 0; length < wrapped.length; length++)
    assert.equal(unwrapHex(wrapped.subarray(0, length)), undefined);
  assert.equal(unwrapHex(Buffer.concat([wrapped, Buffer.alloc(1)])), undefined);
  assert.equal(unwrapHex(wrapped, keyFromHex("08".repeat(32))), undefined);
  for (const fields of [["key version", "2"], ["key version1"], ["key version", "1", ""], []]) {
    assert.equal(unwrapHex(wrapped, wrappingKey, encodeIdentity(fields)), undefined);
  }
  assert.equal(unwrapHex(wrapped, wrappingKey, Buffer.alloc(0)), undefined);
});

test("a format of the future is refused, even when all else is right", () => {
  const wrapped = Buffer.alloc(wrapOverheadBytes + 5);
  const frame = { material: wrappingKey, label: wrapLabel, commitmentOffset: wrapOffsets.commitment, aad: identity };
  sealMessage(frame, wrapped.fill(1, 0, 1), Buffer.from("plain"));
  assert.equal(unwrapHex(wrapped), Buffer.from("plain").toString("hex"));
  sealMessage(frame, wrapped.fill(2, 0, 1), Buffer.from("plain"));
  assert.equal(unwrapHex(wrapped), undefined);
});

test("a message too short for its tag is refused, even when the tag would begin within the commitment", () => {
  const frame = { material: wrappingKey, label: wrapLabel, commitmentOffset: wrapOffsets.commitment, aad: identity };
  const tagOffset = wrapOverheadBytes - 16;
  const sealed = Buffer.alloc(wrapOverheadBytes, 1);
  // One nonce in 256 gives a tag that starts with the last byte of the commitment; the counter finds it.
  for (let nonce = 0; sealed[tagOffset] !== sealed[tagOffset - 1] || nonce === 0; nonce++) {
    sealed.writeUInt32BE(nonce, wrapOffsets.nonce);
    sealMessage(frame, sealed, Buffer.alloc(0));
  }
  assert.equal(unwrapHex(sealed), "");
  const overlapping = Buffer.concat([sealed.subarray(0, tagOffset), sealed.subarray(tagOffset + 1)]);
  assert.equal(unwrapHex(overlapping), undefined);
});

test("unwrapping never throws on bytes from elsewhere", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.equal(unwrapHex(bytes), undefined);
      assert.equal(unwrapHex(Uint8Array.of(1, ...bytes)), undefined);
    }),
  );
});

test("wrapping leaves the secret in use, shows nothing of it, and never repeats", () => {
  const secret = SecretBytes.takeFrom(Buffer.from("planted secret of 32 bytes length"));
  const wrapped = Array.from({ length: 100 }, () => wrapKeyMaterial(wrappingKey, secret, identity));
  assert.equal(exposeSecretBytes(secret).toString(), "planted secret of 32 bytes length");
  for (const each of wrapped) assert.equal(each.includes("planted"), false);
  assert.equal(new Set(wrapped.map((each) => each.toString("hex", 1, 33))).size, wrapped.length);
});

test("a wrapping key of another length and a disposed secret are bugs of the caller", () => {
  const short = createSecretKey(Buffer.alloc(16, 1));
  assert.throws(() => wrapKeyMaterial(short, SecretBytes.random(32), identity), CryptoInvariantError);
  const disposed = SecretBytes.random(32);
  disposed.dispose();
  assert.throws(() => wrapKeyMaterial(wrappingKey, disposed, identity), CryptoInvariantError);
});
