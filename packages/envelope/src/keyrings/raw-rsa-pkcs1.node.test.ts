import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";

import { decrypt, encrypt, suites } from "../index.ts";
import { rawRsaKeyring } from "../rsa.ts";

const { publicKey, privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const keyring = rawRsaKeyring({ namespace: "tests", name: "one", publicKey, privateKey, padding: "pkcs1" });

test("PKCS #1 v1.5 wraps and unwraps", async () => {
  const { plaintext } = await decrypt(await encrypt("a secret", { keyring }), { keyring });
  assert.equal(Buffer.from(plaintext).toString(), "a secret");
});

test("whatever is wrong with a padding of PKCS #1 v1.5, a data key of the right length comes out", async () => {
  const suite = suites.get(0x0478)!;
  const request = { suite, context: new Map() };
  const { dataKey, encryptedDataKeys } = await keyring.generateDataKey(request);
  const [wrapped] = encryptedDataKeys;
  assert.ok(wrapped);
  const lengths = new Set<number>();
  for (let index = 0; index < 20; index++) {
    const ciphertext = Uint8Array.from(wrapped.ciphertext);
    ciphertext[index * 10 + 20]! ^= 1;
    for (const damaged of [ciphertext, ciphertext.subarray(1), new Uint8Array(256).fill(255)]) {
      const outcome = await keyring.unwrapDataKey([{ ...wrapped, ciphertext: damaged }], request);
      assert.deepEqual(outcome.problems, []);
      assert.ok(outcome.dataKey);
      lengths.add(outcome.dataKey.byteLength);
      dataKey.use((right) => outcome.dataKey!.use((bytes) => assert.notDeepEqual(bytes, right)));
    }
  }
  assert.deepEqual([...lengths], [suite.keyBytes]);
});

test("a message whose wrapped key is damaged fails as any damaged message does", async () => {
  const message = await encrypt("a secret", { keyring });
  const at = Buffer.from(message).indexOf("tests") + "tests".length + 2 + "one".length + 2 + 100;
  message[at]! ^= 1;
  await assert.rejects(decrypt(message, { keyring }), { code: "DecryptionFailed" });
});
