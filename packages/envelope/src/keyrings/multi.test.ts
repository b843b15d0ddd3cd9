import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decrypt,
  encrypt,
  type GeneratedDataKey,
  type Keyring,
  multiKeyring,
  type PlaintextDataKey,
  rawAesKeyring,
} from "../index.ts";

const raw = (name: string) =>
  rawAesKeyring({ namespace: "tests", name, wrappingKey: new Uint8Array(32).fill(name.length) });

/** A keyring that tells what it was asked. */
function told(keyring: Keyring, name: string, calls: string[]): Keyring {
  return {
    generateDataKey: (request) => {
      calls.push(`${name} generates`);
      return keyring.generateDataKey(request);
    },
    wrapDataKey: (dataKey, request) => {
      calls.push(`${name} wraps`);
      return keyring.wrapDataKey(dataKey, request);
    },
    unwrapDataKey: (encryptedDataKeys, request) => {
      calls.push(`${name} unwraps`);
      return keyring.unwrapDataKey(encryptedDataKeys, request);
    },
  };
}

/** A keyring whose service is down. */
const down: Keyring = {
  generateDataKey: () => Promise.reject(new Error("the service is down")),
  wrapDataKey: () => Promise.reject(new Error("the service is down")),
  unwrapDataKey: () => Promise.reject(new Error("the service is down")),
};

test("the first makes data keys and is asked first to unwrap; encrypted data keys are in the keyrings' order", async () => {
  const calls: string[] = [];
  const keyrings = ["a", "bb", "ccc"].map((name) => told(raw(name), name, calls));
  const message = await encrypt("x", { keyring: multiKeyring(keyrings) });
  assert.deepEqual(calls, ["a generates", "bb wraps", "ccc wraps"]);
  const places = ["a", "bb", "ccc"].map((name) =>
    Buffer.from(message).indexOf(`tests\0${String.fromCharCode(20 + name.length)}${name}`),
  );
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
  calls.length = 0;
  await decrypt(message, { keyring: multiKeyring(keyrings) });
  assert.deepEqual(calls, ["a unwraps"]);
  calls.length = 0;
  await decrypt(message, { keyring: multiKeyring([told(raw("dddd"), "dddd", calls), ...keyrings]) });
  assert.deepEqual(calls, ["dddd unwraps", "a unwraps"]);
});

test("one that is down does not keep the others from decrypting; when none can, each says why", async () => {
  const message = await encrypt("x", { keyring: raw("a") });
  await decrypt(message, { keyring: multiKeyring([down, raw("a")]) });
  const wrong = rawAesKeyring({ namespace: "tests", name: "a", wrappingKey: new Uint8Array(32) });
  await assert.rejects(decrypt(message, { keyring: multiKeyring([down, wrong]) }), {
    code: "KeyUnavailable",
    problems: ["the service is down", "the raw AES key tests/a does not unwrap it"],
  });
});

test("nothing is encrypted when one cannot wrap, and the data key is wiped", async () => {
  const made: PlaintextDataKey[] = [];
  const generator: Keyring = {
    ...raw("a"),
    async generateDataKey(request): Promise<GeneratedDataKey> {
      const generated = await raw("a").generateDataKey(request);
      made.push(generated.dataKey);
      return generated;
    },
  };
  await assert.rejects(encrypt("x", { keyring: multiKeyring([generator, down]) }), /the service is down/);
  await assert.rejects(encrypt("x", { keyring: multiKeyring([down, generator]) }), /the service is down/);
  assert.deepEqual(
    made.map(({ disposed }) => disposed),
    [true],
  );
  assert.throws(() => multiKeyring([]), { code: "InvalidInput" });
});
