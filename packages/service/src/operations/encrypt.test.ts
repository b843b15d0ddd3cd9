import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openTestCore, type TestCore } from "@coffer/testkit";
import fc from "fast-check";
import { ServiceError } from "../errors.ts";
import { execute } from "../pipeline/execute.ts";
import { decrypt } from "./decrypt.ts";
import { encrypt } from "./encrypt.ts";
import { disableKey } from "./keys/change-state.ts";
import { createKey } from "./keys/create-key.ts";
import { reEncrypt } from "./re-encrypt.ts";

describe("encrypt and decrypt", () => {
  let test: TestCore;
  let keyId: string;

  before(async () => {
    test = await openTestCore();
    const { key } = await execute(test.core, createKey, { aliases: ["alias/orders"] }, test.request());
    keyId = key.keyId;
  });
  after(() => test.close());

  function fails(promise: Promise<unknown>, code: string) {
    return assert.rejects(promise, (error) => error instanceof ServiceError && error.code === code);
  }

  it("round trips by id, ARN and alias, with any context", async () => {
    const names = fc.constantFrom(keyId, `arn:aws:kms:us-east-1:000000000000:key/${keyId}`, "alias/orders");
    const contexts = fc.dictionary(fc.string({ unit: "grapheme", maxLength: 20 }), fc.string({ maxLength: 20 }), {
      maxKeys: 5,
    });
    await fc.assert(
      fc.asyncProperty(
        names,
        contexts,
        fc.uint8Array({ minLength: 1, maxLength: 4096 }),
        async (name, context, plaintext) => {
          const { ciphertext, keyArn } = await execute(
            test.core,
            encrypt,
            { keyId: name, plaintext, encryptionContext: context },
            test.request(),
          );
          assert.equal(keyArn, `arn:aws:kms:us-east-1:000000000000:key/${keyId}`);
          const opened = await execute(test.core, decrypt, { ciphertext, encryptionContext: context }, test.request());
          assert.deepEqual(new Uint8Array(opened.plaintext), plaintext);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("refuses any other context, alike", async () => {
    const pair = fc.tuple(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }));
    await fc.assert(
      fc.asyncProperty(pair, pair, async ([name, value], [otherName, otherValue]) => {
        fc.pre(name !== otherName || value !== otherValue);
        const { ciphertext } = await execute(
          test.core,
          encrypt,
          { keyId, plaintext: Buffer.from("x"), encryptionContext: Object.fromEntries([[name, value]]) },
          test.request(),
        );
        for (const encryptionContext of [undefined, Object.fromEntries([[otherName, otherValue]])]) {
          await fails(
            execute(test.core, decrypt, { ciphertext, encryptionContext }, test.request()),
            "CiphertextInvalid",
          );
        }
      }),
      { numRuns: 40 },
    );
  });

  it("refuses a ciphertext with any bit flipped", async () => {
    const { ciphertext } = await execute(
      test.core,
      encrypt,
      { keyId, plaintext: Buffer.from("pay 100") },
      test.request(),
    );
    for (let bit = 0; bit < ciphertext.byteLength * 8; bit += 1) {
      const flipped = Buffer.from(ciphertext);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      await assert.rejects(execute(test.core, decrypt, { ciphertext: flipped }, test.request()), (error) => {
        assert.ok(error instanceof ServiceError);
        // A flipped key id names another key, which does not exist: AWS KMS answers that as a denial.
        assert.ok(["CiphertextInvalid", "AccessDenied"].includes(error.code), error.code);
        return true;
      });
    }
  });

  it("refuses the wrong key by name", async () => {
    const { key } = await execute(test.core, createKey, {}, test.request());
    const { ciphertext } = await execute(test.core, encrypt, { keyId, plaintext: Buffer.from("x") }, test.request());
    await fails(execute(test.core, decrypt, { ciphertext, keyId: key.keyId }, test.request()), "IncorrectKey");
  });

  it("refuses an empty and a 4,097-byte plaintext", async () => {
    for (const plaintext of [Buffer.alloc(0), Buffer.alloc(4097)]) {
      await fails(execute(test.core, encrypt, { keyId, plaintext }, test.request()), "InvalidInput");
    }
  });

  it("re-encrypts under another key and context", async () => {
    const { key } = await execute(test.core, createKey, {}, test.request());
    const { ciphertext } = await execute(
      test.core,
      encrypt,
      { keyId, plaintext: Buffer.from("x"), encryptionContext: { a: "1" } },
      test.request(),
    );
    const moved = await execute(
      test.core,
      reEncrypt,
      {
        ciphertext,
        sourceEncryptionContext: { a: "1" },
        destinationKeyId: key.keyId,
        destinationEncryptionContext: { b: "2" },
      },
      test.request(),
    );
    const opened = await execute(
      test.core,
      decrypt,
      { ciphertext: moved.ciphertext, keyId: key.keyId, encryptionContext: { b: "2" } },
      test.request(),
    );
    assert.equal(opened.plaintext.toString(), "x");
  });

  it("refuses a disabled key from the very next request on, and a dry run does nothing", async () => {
    const { key } = await execute(test.core, createKey, {}, test.request());
    await fails(
      execute(test.core, encrypt, { keyId: key.keyId, plaintext: Buffer.from("x") }, test.request({ dryRun: true })),
      "DryRun",
    );
    const { ciphertext } = await execute(
      test.core,
      encrypt,
      { keyId: key.keyId, plaintext: Buffer.from("x") },
      test.request(),
    );
    await execute(test.core, disableKey, { keyId: key.keyId }, test.request());
    await fails(
      execute(test.core, encrypt, { keyId: key.keyId, plaintext: Buffer.from("x") }, test.request()),
      "KeyDisabled",
    );
    await fails(execute(test.core, decrypt, { ciphertext }, test.request()), "KeyDisabled");
  });

  it("reports no bug", () => assert.deepEqual(test.bugs, []));
});
