import assert from "node:assert/strict";
import { test } from "node:test";
import { SecretBytes } from "@coffer/crypto";
import { createSigningKeyCache, deriveSigningKey, signingKeyId } from "./signing-key.ts";

function makeSecret(text: string): SecretBytes {
  return SecretBytes.takeFrom(Buffer.from(text));
}
const scope = { date: "20150830", region: "us-east-1", service: "iam" };

test("derives the key of AWS's documented example", () => {
  // AWS General Reference, "Examples of how to derive a signing key for Signature Version 4".
  const key = deriveSigningKey(makeSecret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), scope);
  assert.equal(key.export().toString("hex"), "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
});

test("the secret stays usable, and a disposed one is refused", () => {
  const secret = makeSecret("secret");
  const first = deriveSigningKey(secret, scope);
  assert.ok(first.equals(deriveSigningKey(secret, scope)));
  secret.dispose();
  assert.throws(() => deriveSigningKey(secret, scope));
});

test("the cache gives a key back for the same secret object only", () => {
  const cache = createSigningKeyCache(4);
  const secret = makeSecret("one");
  const key = deriveSigningKey(secret, scope);
  const id = signingKeyId("AKID", scope);
  cache.keep(id, secret, key);
  assert.equal(cache.find(id, secret), key);
  assert.equal(cache.find(id, makeSecret("two")), undefined);
  assert.equal(cache.find(signingKeyId("AKID", { ...scope, region: "eu-west-1" }), secret), undefined);
});

test("a new secret's key takes the place of the old one's", () => {
  const cache = createSigningKeyCache(4);
  const [before, after] = [makeSecret("before"), makeSecret("after")];
  const id = signingKeyId("AKID", scope);
  cache.keep(id, before, deriveSigningKey(before, scope));
  const key = deriveSigningKey(after, scope);
  cache.keep(id, after, key);
  assert.equal(cache.find(id, after), key);
  assert.equal(cache.find(id, before), undefined);
  assert.equal(cache.size, 1);
});

test("the cache never holds more than its bound and keeps what is used", () => {
  const cache = createSigningKeyCache(8);
  const secret = makeSecret("secret");
  const key = deriveSigningKey(secret, scope);
  cache.keep("used", secret, key);
  for (let i = 0; i < 100; i++) {
    cache.keep(`other-${i}`, secret, key);
    assert.ok(cache.size <= 8);
    assert.equal(cache.find("used", secret), key);
  }
  assert.equal(cache.find("other-0", secret), undefined);
});

test("a key that was long not used is bound to its secret too", () => {
  const cache = createSigningKeyCache(4);
  const secret = makeSecret("one");
  const key = deriveSigningKey(secret, scope);
  for (const id of ["early", "b", "c"]) cache.keep(id, secret, key);
  assert.equal(cache.find("early", makeSecret("one")), undefined);
  assert.equal(cache.find("early", secret), key);
});

test("forgetting an access key drops its keys and no others", () => {
  const cache = createSigningKeyCache(8);
  const secret = makeSecret("secret");
  const key = deriveSigningKey(secret, scope);
  const ids = ["AKID", "AKID", "AKIDS"].map((id, i) => signingKeyId(id, { ...scope, date: `2015083${i}` }));
  for (const id of ids) cache.keep(id, secret, key);
  for (let i = 0; i < 3; i++) cache.keep(`filler-${i}`, secret, key);
  cache.forget("AKID");
  assert.deepEqual(
    ids.map((id) => cache.find(id, secret) === key),
    [false, false, true],
  );
});

test("a bound that is no whole number from 2 on is refused", () => {
  for (const bound of [0, 1, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => createSigningKeyCache(bound), RangeError);
  }
});
