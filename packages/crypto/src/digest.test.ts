import assert from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { hmacSha256, sha256, sha256Hex, timingSafeEqualBytes, timingSafeEqualText } from "./digest.ts";

// NIST, examples for FIPS 180-4.
const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

test("SHA-256 of known messages, whole and in parts", () => {
  assert.equal(sha256Hex("abc"), abc);
  assert.equal(sha256Hex(Buffer.from("abc")), abc);
  assert.equal(sha256Hex(""), empty);
  assert.equal(sha256("abc").toString("hex"), abc);
  assert.equal(sha256("a", Buffer.from("b"), "", "c").toString("hex"), abc);
  assert.equal(sha256().toString("hex"), empty);
});

test("HMAC-SHA256 of RFC 4231 cases 1 and 2", () => {
  const first = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
  const second = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
  assert.equal(hmacSha256(Buffer.alloc(20, 0x0b), "Hi There").toString("hex"), first);
  assert.equal(hmacSha256(createSecretKey(Buffer.alloc(20, 0x0b)), "Hi There").toString("hex"), first);
  assert.equal(hmacSha256(Buffer.from("Jefe"), Buffer.from("what do ya want for nothing?")).toString("hex"), second);
});

test("bytes are equal exactly when length and content are", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 40 }), (a, b) => {
      assert.equal(timingSafeEqualBytes(a, b), Buffer.compare(a, b) === 0);
      assert.equal(timingSafeEqualBytes(a, a.slice()), true);
      assert.equal(timingSafeEqualBytes(a, Uint8Array.of(...a, 0)), false);
    }),
  );
});

test("texts are equal exactly when === says so, lone surrogates too", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
      assert.equal(timingSafeEqualText(a, b), a === b);
      assert.equal(timingSafeEqualText(a, `${a}`), true);
    }),
  );
  assert.equal(timingSafeEqualText("\ud800", "\ud801"), false);
  assert.equal(timingSafeEqualText("\ud800", "\ufffd"), false);
  assert.equal(timingSafeEqualText("token", "tokem"), false);
});
