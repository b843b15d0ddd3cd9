import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultPassphraseParams, type PassphraseCost, SecretBytes } from "@coffer/crypto";
import { describeSealContract } from "@coffer/testkit";
import { openPassphraseSeal } from "./passphrase-seal.ts";

/** The least that is allowed, for speed. */
const cheap: PassphraseCost = { memoryKiB: 19_456, passes: 1, parallelism: 1 };

function passphrase(text: string): SecretBytes {
  return SecretBytes.takeFrom(Buffer.from(text));
}

function open(text = "correct horse battery staple", params: PassphraseCost = cheap) {
  return openPassphraseSeal({ passphrase: passphrase(text), params });
}

describeSealContract("passphrase", {
  open: async () => open(),
  openOther: async () => open("correct horse battery stable"),
});

describe("the passphrase seal", () => {
  it("keeps Argon2id's parameters and a salt of 16 bytes, new each time, beside the key", async () => {
    using rootKey = SecretBytes.random(32);
    const seal = open();
    const [first, second] = [await seal.seal(rootKey), await seal.seal(rootKey)];
    const { memoryKiB, passes, parallelism, salt } = first.fields;
    assert.deepEqual({ memoryKiB, passes, parallelism }, cheap);
    assert.equal(Buffer.from(String(salt), "base64").length, 16);
    assert.notEqual(salt, second.fields["salt"]);
  });
  it("opens what was sealed at another cost", async () => {
    using rootKey = SecretBytes.random(32);
    const sealed = await open(undefined, { memoryKiB: 20_000, passes: 2, parallelism: 2 }).seal(rootKey);
    using opened = await open().unseal(sealed);
    assert.equal(opened?.equals(rootKey), true);
  });
  it("seals at RFC 9106's second recommended cost unless told otherwise", async () => {
    using rootKey = SecretBytes.random(32);
    const seal = openPassphraseSeal({ passphrase: passphrase("correct horse battery staple") });
    const sealed = await seal.seal(rootKey);
    const { memoryKiB, passes, parallelism } = sealed.fields;
    assert.deepEqual({ memoryKiB, passes, parallelism }, { ...defaultPassphraseParams });
  });
  it("takes a passphrase as bytes, not as text that looks alike", async () => {
    using rootKey = SecretBytes.random(32);
    const sealed = await open("caf\u00e9 au lait").seal(rootKey);
    assert.equal(await open("cafe\u0301 au lait").unseal(sealed), undefined);
  });
  it("refuses a short passphrase, without quoting it", () => {
    assert.throws(
      () => open("hunter2"),
      (error: Error) => {
        assert.equal(error.name, "SealPassphraseTooShort");
        assert.doesNotMatch(error.message, /hunter/);
        return true;
      },
    );
    open("hunter22");
  });

  const outOfBounds: readonly Partial<PassphraseCost>[] = [
    { memoryKiB: 2 ** 30 },
    { memoryKiB: 2_097_153 },
    { memoryKiB: 19_455 },
    { memoryKiB: 1 },
    { passes: 0 },
    { passes: 17 },
    { passes: 2 ** 32 },
    { parallelism: 0 },
    { parallelism: 17 },
  ];
  for (const change of outOfBounds) {
    it(`neither seals nor derives a key at ${JSON.stringify(change)}`, async () => {
      assert.throws(() => open(undefined, { ...cheap, ...change }), { name: "InvariantError" });
      using rootKey = SecretBytes.random(32);
      const text = passphrase("correct horse battery staple");
      const seal = openPassphraseSeal({ passphrase: text, params: cheap });
      const sealed = await seal.seal(rootKey);
      // A disposed passphrase throws when it is used: an answer shows that the derivation was not even tried.
      text.dispose();
      await assert.rejects(seal.unseal(sealed));
      assert.equal(await seal.unseal({ ...sealed, fields: { ...sealed.fields, ...change } }), undefined);
    });
  }
  it("derives no key from a salt of another length", async () => {
    using rootKey = SecretBytes.random(32);
    const text = passphrase("correct horse battery staple");
    const seal = openPassphraseSeal({ passphrase: text, params: cheap });
    const sealed = await seal.seal(rootKey);
    text.dispose();
    for (const saltBytes of [0, 8, 15, 17, 64]) {
      const salt = Buffer.alloc(saltBytes).toString("base64");
      assert.equal(await seal.unseal({ ...sealed, fields: { ...sealed.fields, salt } }), undefined);
    }
  });
  it("authenticates the parameters: another cost within bounds does not open it", async () => {
    using rootKey = SecretBytes.random(32);
    const seal = open();
    const sealed = await seal.seal(rootKey);
    assert.equal(await seal.unseal({ ...sealed, fields: { ...sealed.fields, passes: 2 } }), undefined);
  });
});
