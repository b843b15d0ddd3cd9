import assert from "node:assert/strict";
import { test } from "node:test";
import { exposeSecretBytes } from "./hazmat.ts";
import { CryptoInvariantError } from "./invariant.ts";
import { defaultPassphraseParams, deriveKeyFromPassphrase } from "./passphrase.ts";
import { deriveArgon2id, type PassphraseCost } from "./passphrase-internal.ts";
import { SecretBytes } from "./secret-bytes.ts";
import { fromHex, readVectors } from "./testing/vectors.ts";

interface PublishedCase extends PassphraseCost {
  readonly name: string;
  readonly passphraseHex: string;
  readonly saltHex: string;
  readonly secretHex?: string;
  readonly associatedDataHex?: string;
  readonly keyHex: string;
}

test("Argon2id of RFC 9106 section 5.3 and of OpenSSL", async () => {
  for (const {
    name,
    passphraseHex,
    saltHex,
    secretHex,
    associatedDataHex,
    keyHex,
    ...cost
  } of readVectors<PublishedCase>("argon2id.json")) {
    const passphrase = SecretBytes.takeFrom(fromHex(passphraseHex));
    const salt = fromHex(saltHex);
    const extras = {
      ...(secretHex !== undefined && { secret: fromHex(secretHex) }),
      ...(associatedDataHex !== undefined && { associatedData: fromHex(associatedDataHex) }),
    };
    const keys = [await deriveArgon2id(passphrase, salt, cost, extras)];
    if (secretHex === undefined) keys.push(await deriveKeyFromPassphrase(passphrase, { salt, ...cost }));
    for (const key of keys) assert.equal(exposeSecretBytes(key).toString("hex"), keyHex, name);
  }
});

interface FrozenCase extends PassphraseCost {
  readonly passphrase: string;
  readonly saltHex: string;
  readonly keyHex: string;
}

test("frozen keys from passphrases", async () => {
  for (const { passphrase, saltHex, keyHex, ...cost } of readVectors<FrozenCase>("passphrase-v1.json")) {
    const secret = SecretBytes.takeFrom(Buffer.from(passphrase));
    const key = await deriveKeyFromPassphrase(secret, { salt: fromHex(saltHex), ...cost });
    assert.equal(exposeSecretBytes(key).toString("hex"), keyHex);
  }
});

test("a passphrase disposed of meanwhile still gives its key", async () => {
  const params = { salt: Buffer.alloc(16, 2), memoryKiB: 64, passes: 1, parallelism: 1 };
  const first = SecretBytes.takeFrom(Buffer.from("passphrase"));
  const expected = await deriveKeyFromPassphrase(first, params);
  const pending = deriveKeyFromPassphrase(first, params);
  first.dispose();
  assert.ok((await pending).equals(expected));
});

test("the default is the second recommended option of RFC 9106", () => {
  assert.deepEqual(defaultPassphraseParams, { memoryKiB: 65_536, passes: 3, parallelism: 4 });
  assert.ok(Object.isFrozen(defaultPassphraseParams));
});

test("parameters that are unsafe or would exhaust the machine are refused", async () => {
  const good = { salt: Buffer.alloc(16), memoryKiB: 64, passes: 1, parallelism: 1 };
  const bad = [
    { salt: Buffer.alloc(15) },
    { salt: Buffer.alloc(65) },
    { memoryKiB: 7 },
    { memoryKiB: 15, parallelism: 2 },
    { memoryKiB: 4 * 1024 * 1024 + 1 },
    { memoryKiB: Number.NaN },
    { passes: 0 },
    { passes: 65 },
    { passes: 1.5 },
    { parallelism: 0 },
    { parallelism: 65, memoryKiB: 65_536 },
  ];
  const passphrase = SecretBytes.takeFrom(Buffer.from("passphrase"));
  assert.equal((await deriveKeyFromPassphrase(passphrase, good)).byteLength, 32);
  for (const change of bad) {
    await assert.rejects(deriveKeyFromPassphrase(passphrase, { ...good, ...change }), CryptoInvariantError);
  }
});
