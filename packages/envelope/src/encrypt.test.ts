import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decrypt, decryptChunks, EnvelopeError, encrypt, encryptChunks, multiKeyring, rawAesKeyring } from "./index.ts";

const keyring = rawAesKeyring({ namespace: "tests", name: "one", wrappingKey: new Uint8Array(32).fill(7) });
const other = rawAesKeyring({ namespace: "tests", name: "two", wrappingKey: new Uint8Array(32).fill(8) });

test("what is encrypted decrypts, whatever its length, frames and context", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 1, max: 64 }),
      fc.dictionary(
        fc
          .string({ minLength: 1, unit: "binary" })
          .filter((name) => !name.startsWith("aws-crypto-") && name !== "__proto__"),
        fc.string({ unit: "binary" }),
      ),
      fc.boolean(),
      async (plaintext, frameBytes, context, sign) => {
        const message = await encrypt(plaintext, { keyring, frameBytes, context, sign });
        const decrypted = await decrypt(message, { keyring, context });
        assert.deepEqual(decrypted.plaintext, plaintext);
        assert.deepEqual({ ...decrypted.context }, { ...context });
        assert.equal(decrypted.signed, sign);
      },
    ),
    { numRuns: 60 },
  );
});

test("any bit that flips makes the message undecryptable", async () => {
  const message = await encrypt("some plaintext of two frames", {
    keyring,
    frameBytes: 20,
    context: { a: "b" },
    sign: true,
  });
  for (let bit = 0; bit < message.length * 8; bit += 5) {
    const damaged = Uint8Array.from(message);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    await assert.rejects(decrypt(damaged, { keyring, maxBufferedBytes: 1e6 }), EnvelopeError, `bit ${bit}`);
  }
});

test("each of several keyrings decrypts alone", async () => {
  const message = await encrypt("for both", { keyring: multiKeyring([keyring, other]) });
  for (const one of [keyring, other]) {
    assert.equal(Buffer.from((await decrypt(message, { keyring: one })).plaintext).toString(), "for both");
  }
});

test("chunks of a byte are as good as a whole message", async () => {
  const bytes = new TextEncoder().encode("a plaintext that comes byte by byte");
  const single = (all: Uint8Array) => Array.from(all, (byte) => Uint8Array.of(byte));
  const message: Uint8Array[] = [];
  for await (const piece of encryptChunks(single(bytes), { keyring, frameBytes: 8 })) message.push(piece);
  const plaintext: Uint8Array[] = [];
  for await (const piece of decryptChunks(single(Buffer.concat(message)), { keyring })) plaintext.push(piece);
  assert.deepEqual(Buffer.concat(plaintext), Buffer.from(bytes));
});
