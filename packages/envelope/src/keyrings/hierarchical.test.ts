import assert from "node:assert/strict";
import { test } from "node:test";
import { PlaintextDataKey } from "../data-key.ts";
import type { BranchKeyStore } from "../hierarchical.ts";
import { hierarchicalKeyring } from "../hierarchical.ts";
import { decrypt, encrypt, suites } from "../index.ts";

const version = "00112233-4455-4677-8899-aabbccddeeff";
const context = { customer: "42" };

/** One branch key of the same 32 bytes, and what was given out of it. */
function fixedStore(change: { version?: string; key?: number } = {}) {
  const given: PlaintextDataKey[] = [];
  const get = async () => {
    const key = PlaintextDataKey.takeFrom(new Uint8Array(32).fill(change.key ?? 7));
    given.push(key);
    return { version: change.version ?? version, key };
  };
  const store: BranchKeyStore = { getActiveBranchKey: get, getBranchKeyVersion: get };
  return { store, given };
}
const keyringOf = (store: BranchKeyStore, branchKeyId = "tenant") =>
  hierarchicalKeyring({ store, branchKeyId, maxAgeMs: 1000, maxBranchKeys: 1 });

test("a message of the AWS Cryptographic Material Providers for Python 1.11.3 under a known branch key", async () => {
  const message = Buffer.from(
    `AgR4cQ8rz292O+mavn2jYDejtZVb8NSyhzboqRijmrEjyboAEAABAAhjdXN0b21lcgACNDIAAQARYXdzLWttcy1oaWVyYXJjaHkABnRlbmFudABc48gu9e4vx71maFXa
     Fn/Ir4vyG/dOz9Cf6NxXhAARIjNEVUZ3iJmqu8zd7v/GOx9mLjx9Q+pJqYUx0HbMwbrhLDwj6RxsEudz1N6coWvTqis2P27R4mFuNtoS1V8CAAAQAN6IbGi+cmNh/9sq
     Wq4Xa4OIiqMB67NNEYFnNbplfZLWz/IYQy42F9DuMI4FFBwkPf////8AAAABAAAAAAAAAAAAAAABAAAACAsSCwOsh1roMithn5nLn9tOKLoXq1zJ6A==`,
    "base64",
  );
  const { plaintext } = await decrypt(message, { keyring: keyringOf(fixedStore().store), context });
  assert.equal(Buffer.from(plaintext).toString(), "a secret");
  for (const wrong of [keyringOf(fixedStore({ key: 8 }).store), keyringOf(fixedStore().store, "another")]) {
    await assert.rejects(decrypt(message, { keyring: wrong, context }), { code: "KeyUnavailable" });
  }
});

test("keys that leave the memory are wiped: on eviction, and with the keyring", async () => {
  const { store, given } = fixedStore();
  const keyring = keyringOf(store);
  const message = await encrypt("a secret", { keyring, context });
  assert.deepEqual(
    given.map(({ disposed }) => disposed),
    [false],
  );
  await decrypt(message, { keyring, context });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    given.map(({ disposed }) => disposed),
    [true, false],
  );
  keyring[Symbol.dispose]();
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(given.every(({ disposed }) => disposed));
});

test("an encrypted data key of a wrong length, a version that is none and limits that are none are refused", async () => {
  const request = { suite: suites.get(0x0478)!, context: new Map() };
  const keyring = keyringOf(fixedStore().store);
  const { encryptedDataKeys } = await keyring.generateDataKey(request);
  const [wrapped] = encryptedDataKeys;
  for (const ciphertext of [wrapped!.ciphertext.subarray(1), new Uint8Array(0), Buffer.alloc(93)]) {
    const outcome = await keyring.unwrapDataKey([{ ...wrapped!, ciphertext }], request);
    assert.equal(outcome.dataKey, undefined);
    assert.match(outcome.problems.join(), /has not the length/);
  }
  for (const bad of ["", version.toUpperCase(), `${version}0`]) {
    const { store } = fixedStore({ version: bad });
    await assert.rejects(encrypt("x", { keyring: keyringOf(store) }), { code: "InvalidInput" }, bad);
  }
  for (const maxAgeMs of [0, -1, Number.NaN]) {
    const make = () => hierarchicalKeyring({ store: fixedStore().store, branchKeyId: "tenant", maxAgeMs });
    assert.throws(make, { code: "InvalidInput" });
  }
});
