import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { CoreTest } from "../testing/core-test.ts";
import { decrypt } from "./decrypt.ts";
import { encrypt } from "./encrypt.ts";
import { generateDataKey, generateDataKeyWithoutPlaintext } from "./generate-data-key.ts";
import { generateRandom } from "./generate-random.ts";
import { getCallerIdentity } from "./get-caller-identity.ts";
import type { EncryptionContext } from "./message.ts";
import { reEncrypt } from "./re-encrypt.ts";
import { rotateKeyOnDemand } from "./rotation/rotate-key-on-demand.ts";
import { configureKey } from "./transit/configure-key.ts";

const plaintext = Buffer.from("x");

describe("messages", () => {
  let t: CoreTest;
  let keyId: string;

  before(async () => {
    t = await CoreTest.open();
    keyId = (await t.newKey()).keyId;
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  it("take an encryption context of any names, __proto__ and look-alikes too, and tell all of them apart", async () => {
    const contexts = [
      {},
      { a: "" },
      { A: "" },
      { a: "", A: "" },
      { "": "" },
      { "": "a" },
      { é: "" },
      { e\u0301: "" },
      JSON.parse('{"__proto__":"a"}'),
      JSON.parse('{"constructor":"a"}'),
      JSON.parse('{"__proto__":"a","constructor":"b"}'),
      { a: "b", c: "d" },
      { a: "bc", "": "d" },
      { a: "\u0001" },
    ] as EncryptionContext[];
    for (const [index, encryptionContext] of contexts.entries()) {
      const { ciphertext } = await t.run(encrypt, { keyId, plaintext, encryptionContext });
      for (const [otherIndex, other] of contexts.entries()) {
        const input = { ciphertext, encryptionContext: other };
        if (index === otherIndex) await t.run(decrypt, input);
        else await t.fails(decrypt, input, "CiphertextInvalid");
      }
    }
  });

  it("do not mind the order of the context's members", async () => {
    const pairs = fc.uniqueArray(
      fc.tuple(fc.string({ unit: "grapheme", maxLength: 9 }), fc.string({ unit: "grapheme" })),
      {
        selector: ([name]) => name,
        maxLength: 6,
      },
    );
    await fc.assert(
      fc.asyncProperty(pairs, async (list) => {
        const { ciphertext } = await t.run(encrypt, {
          keyId,
          plaintext,
          encryptionContext: Object.fromEntries(list),
        });
        await t.run(decrypt, { ciphertext, encryptionContext: Object.fromEntries(list.reverse()) });
      }),
      { numRuns: 30 },
    );
  });

  it("refuse a context that is no Unicode or too large, on each side, as the caller's fault", async () => {
    const wrong: EncryptionContext[] = [
      { "\ud800": "" },
      { a: "\udfff" },
      { a: "x".repeat(8192) },
      Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`${index}`, ""])),
    ];
    const { ciphertext } = await t.run(encrypt, { keyId, plaintext });
    for (const context of wrong) {
      await t.fails(encrypt, { keyId, plaintext, encryptionContext: context }, "InvalidInput");
      await t.fails(decrypt, { ciphertext, encryptionContext: context }, "InvalidInput");
      await t.fails(generateDataKey, { keyId, dataKeyBytes: 32, encryptionContext: context }, "InvalidInput");
      for (const side of ["sourceEncryptionContext", "destinationEncryptionContext"]) {
        await t.fails(reEncrypt, { ciphertext, destinationKeyId: keyId, [side]: context }, "InvalidInput");
      }
    }
    await t.run(encrypt, { keyId, plaintext, encryptionContext: { a: "x".repeat(8000) } });
  });

  it("refuse sizes that cannot be", async () => {
    await t.run(encrypt, { keyId, plaintext: Buffer.alloc(4096) });
    await t.fails(encrypt, { keyId, plaintext: Buffer.alloc(4097) }, "InvalidInput");
    await t.fails(encrypt, { keyId, plaintext: Buffer.alloc(0) }, "InvalidInput");
    for (const size of [0, 6145, 1_000_000]) {
      const ciphertext = Buffer.alloc(size);
      await t.fails(decrypt, { ciphertext }, "InvalidInput");
      await t.fails(reEncrypt, { ciphertext, destinationKeyId: keyId }, "InvalidInput");
    }
    await t.fails(decrypt, { ciphertext: Buffer.alloc(6144) }, "CiphertextInvalid");
    for (const dataKeyBytes of [0, -1, 1025, 1.5, Number.NaN]) {
      await t.fails(generateDataKey, { keyId, dataKeyBytes }, "InvalidInput");
      await t.fails(generateDataKeyWithoutPlaintext, { keyId, dataKeyBytes }, "InvalidInput");
      await t.fails(generateRandom, { bytes: dataKeyBytes }, "InvalidInput");
    }
  });

  it("refuse an algorithm that is not the key's", async () => {
    const { ciphertext } = await t.run(encrypt, { keyId, plaintext, algorithm: "SYMMETRIC_DEFAULT" });
    for (const algorithm of ["RSAES_OAEP_SHA_256", "", "__proto__"]) {
      await t.fails(encrypt, { keyId, plaintext, algorithm }, "KeyUsageMismatch");
      await t.fails(decrypt, { ciphertext, algorithm }, "KeyUsageMismatch");
      const move = { ciphertext, destinationKeyId: keyId };
      await t.fails(reEncrypt, { ...move, sourceAlgorithm: algorithm }, "KeyUsageMismatch");
      await t.fails(reEncrypt, { ...move, destinationAlgorithm: algorithm }, "KeyUsageMismatch");
    }
  });

  it("give data keys that are fresh, of the length asked for, and decrypt to themselves", async () => {
    const seen = new Set<string>();
    for (const dataKeyBytes of [1, 16, 32, 64, 257, 1024]) {
      const made = await t.run(generateDataKey, { keyId, dataKeyBytes, encryptionContext: { a: "b" } });
      assert.equal(made.plaintext.length, dataKeyBytes);
      const opened = await t.run(decrypt, { ciphertext: made.ciphertext, encryptionContext: { a: "b" } });
      assert.deepEqual(opened.plaintext, made.plaintext);
      assert.equal(opened.keyMaterialId, made.keyMaterialId);
      if (dataKeyBytes >= 16) seen.add(made.plaintext.toString("hex"));
      const wrapped = await t.run(generateDataKeyWithoutPlaintext, { keyId, dataKeyBytes });
      assert.deepEqual(Object.keys(wrapped).sort(), ["ciphertext", "keyArn", "keyMaterialId"]);
      assert.equal((await t.run(decrypt, { ciphertext: wrapped.ciphertext })).plaintext.length, dataKeyBytes);
    }
    assert.equal(seen.size, 5);
    const random = await Promise.all([1, 2, 3].map(() => t.run(generateRandom, { bytes: 32 })));
    assert.equal(new Set(random.map((answer) => answer.plaintext.toString("hex"))).size, 3);
    assert.equal((await t.run(generateRandom, { bytes: 5000, maxBytes: 5000 })).plaintext.length, 5000);
  });

  it("name the material that they were made with, also after rotations", async () => {
    const { keyId: rotated } = await t.newKey();
    const ids: string[] = [];
    const ciphertexts: Buffer[] = [];
    for (let round = 0; round < 3; round += 1) {
      const { ciphertext, keyMaterialId } = await t.run(generateDataKey, { keyId: rotated, dataKeyBytes: 32 });
      ids.push(keyMaterialId);
      ciphertexts.push(ciphertext);
      await t.run(rotateKeyOnDemand, { keyId: rotated, limited: false });
    }
    assert.equal(new Set(ids).size, 3);
    for (const [index, ciphertext] of ciphertexts.entries()) {
      assert.equal((await t.run(decrypt, { ciphertext })).keyMaterialId, ids[index]);
      const moved = await t.run(reEncrypt, { ciphertext, destinationKeyId: rotated });
      assert.equal(moved.sourceKeyMaterialId, ids[index]);
      assert.match(moved.destinationKeyMaterialId ?? "", /^[0-9a-f]{64}$/);
      assert.ok(!ids.includes(moved.destinationKeyMaterialId ?? ""));
    }
  });

  it("of versions that Transit has set aside do not decrypt here either, until it allows them again", async () => {
    const { keyId: rotated } = await t.newKey();
    const { ciphertext } = await t.run(encrypt, { keyId: rotated, plaintext });
    await t.run(rotateKeyOnDemand, { keyId: rotated, limited: false });
    await t.run(configureKey, { keyId: rotated, transit: { minDecryptionVersion: 2 } });
    await t.fails(decrypt, { ciphertext }, "CiphertextInvalid");
    await t.fails(reEncrypt, { ciphertext, destinationKeyId: keyId }, "CiphertextInvalid");
    await t.run(configureKey, { keyId: rotated, transit: { minDecryptionVersion: 1 } });
    assert.equal((await t.run(decrypt, { ciphertext })).plaintext.toString(), "x");
  });

  it("of a version that never was do not decrypt", async () => {
    const { ciphertext } = await t.run(encrypt, { keyId, plaintext });
    const future = Buffer.from(ciphertext);
    future.writeUInt32BE(99, 23);
    await t.fails(decrypt, { ciphertext: future }, "CiphertextInvalid");
  });

  it("let everybody ask who they are", async () => {
    const user = await t.newUser("nobody");
    assert.equal((await t.run(getCallerIdentity, null, await t.as(user))).arn, user.arn);
  });
});
