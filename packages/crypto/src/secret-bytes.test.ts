import assert from "node:assert/strict";
import { test } from "node:test";
import { format, inspect } from "node:util";
import { exposeSecretBytes } from "./hazmat.ts";
import { CryptoInvariantError } from "./invariant.ts";
import { SecretBytes } from "./secret-bytes.ts";

const marker = "planted-secret-7f3a";

function planted(): SecretBytes {
  return SecretBytes.takeFrom(Buffer.from(marker));
}

test("takeFrom copies in and wipes its source, and only that", () => {
  const around = Buffer.from("left-secret-right");
  const secret = SecretBytes.takeFrom(around.subarray(5, 11));
  assert.equal(around.toString(), "left-\0\0\0\0\0\0-right");
  assert.equal(secret.byteLength, 6);
  assert.equal(exposeSecretBytes(secret).toString(), "secret");
});

test("the bytes never lie in a shared pool", () => {
  const views = [planted(), SecretBytes.random(16)].map((secret) => secret.use((bytes) => bytes.buffer.byteLength));
  assert.deepEqual(views, [marker.length, 16]);
  assert.equal(exposeSecretBytes(planted()).buffer.byteLength, marker.length);
});

test("random secrets differ and need a length", () => {
  assert.equal(SecretBytes.random(32).equals(SecretBytes.random(32)), false);
  for (const byteLength of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => SecretBytes.random(byteLength), CryptoInvariantError);
  }
});

test("no string, JSON, inspection or error shows the bytes", () => {
  const secret = planted();
  const shown = [
    `${secret}`,
    `${secret} and more`,
    String(secret),
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ nested: [secret] }, { showHidden: true, depth: 9, customInspect: true }),
    inspect(secret, { showHidden: true, customInspect: false }),
    format("%s %o %O %j", secret, secret, secret, secret),
    Object.getOwnPropertyNames(secret).join(),
    JSON.stringify(structuredClone(secret)),
    JSON.stringify(Object.entries(secret)),
    inspect(new Error(`failed with ${secret}`, { cause: secret })),
    errorText(() => assert.deepEqual(secret, "something else")),
    errorText(() => secret.use((bytes) => bytes)),
  ];
  const hex = Buffer.from(marker).toString("hex");
  const base64 = Buffer.from(marker).toString("base64");
  const spaced = hex.replace(/(..)(?=.)/g, "$1 ");
  for (const text of shown) {
    for (const form of [marker, hex, base64, spaced]) assert.ok(!text.includes(form), text);
  }
  assert.equal(`${secret}`, "[redacted]");
  assert.equal(JSON.stringify({ secret }), '{"secret":"[redacted]"}');
  assert.equal(inspect(secret), "[redacted]");
});

function errorText(fn: () => unknown): string {
  try {
    fn();
  } catch (error) {
    return inspect(error);
  }
  return assert.fail("it throws");
}

test("disposal wipes the bytes and ends their use", () => {
  const secret = planted();
  const bytes = stolenView(secret);
  secret.dispose();
  assert.deepEqual(bytes, Buffer.alloc(marker.length));
  assert.throws(() => secret.use(() => 1), CryptoInvariantError);
  assert.throws(() => secret.toKeyObject(), CryptoInvariantError);
  assert.throws(() => secret.equals(planted()), CryptoInvariantError);
  assert.throws(() => planted().equals(secret), CryptoInvariantError);
  assert.throws(() => exposeSecretBytes(secret), CryptoInvariantError);
  secret.dispose();
});

test("using disposes", () => {
  let bytes: Buffer;
  {
    using secret = planted();
    bytes = stolenView(secret);
    assert.equal(bytes.toString(), marker);
  }
  assert.deepEqual(bytes, Buffer.alloc(marker.length));
});

/** What a misbehaving callback could keep: the live bytes. */
function stolenView(secret: SecretBytes): Buffer {
  const kept: Buffer[] = [];
  secret.use((bytes) => void kept.push(bytes));
  return kept[0]!;
}

test("bytes stay valid until a pending use settles", async () => {
  for (const settle of ["resolve", "reject"] as const) {
    const secret = planted();
    const bytes = stolenView(secret);
    const gate = Promise.withResolvers<void>();
    const use = secret.use(async (held) => {
      await gate.promise;
      return held.toString();
    });
    secret.dispose();
    assert.equal(bytes.toString(), marker);
    assert.throws(() => secret.use(() => 1), CryptoInvariantError);
    if (settle === "resolve") {
      gate.resolve();
      assert.equal(await use, marker);
    } else {
      gate.reject(new Error("no"));
      await assert.rejects(use, /^Error: no$/);
    }
    await Promise.resolve();
    assert.deepEqual(bytes, Buffer.alloc(marker.length));
  }
});

test("disposal within a use waits for its end, a throwing one too", () => {
  const secret = planted();
  const kept: Buffer[] = [];
  assert.throws(
    () =>
      secret.use((bytes) => {
        kept.push(bytes);
        secret.dispose();
        assert.equal(bytes.toString(), marker);
        throw new Error("from the callback");
      }),
    /from the callback/,
  );
  assert.deepEqual(kept[0], Buffer.alloc(marker.length));
});

test("a use cannot return the bytes or a view on them", () => {
  const secret = planted();
  assert.throws(() => secret.use((bytes) => bytes), CryptoInvariantError);
  assert.throws(() => secret.use((bytes) => bytes.subarray(1)), CryptoInvariantError);
  assert.equal(secret.use((bytes) => Buffer.from(bytes)).toString(), marker);
});

test("equals compares content and length", () => {
  const secret = planted();
  assert.equal(secret.equals(planted()), true);
  assert.equal(secret.equals(secret), true);
  assert.equal(secret.equals(SecretBytes.takeFrom(Buffer.from(`${marker.slice(0, -1)}b`))), false);
  assert.equal(secret.equals(SecretBytes.takeFrom(Buffer.from(marker.slice(1)))), false);
});

test("a KeyObject and an exposed copy outlive the secret", () => {
  const secret = planted();
  const key = secret.toKeyObject();
  const copy = exposeSecretBytes(secret);
  secret.dispose();
  assert.equal(key.type, "secret");
  assert.equal(key.export().toString(), marker);
  assert.equal(copy.toString(), marker);
});
