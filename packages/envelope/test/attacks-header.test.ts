import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { concatBytes, uint16Bytes, utf8 } from "../src/bytes.ts";
import {
  type DecryptOptions,
  decrypt,
  decryptChunks,
  EnvelopeError,
  encrypt,
  rawAesKeyring,
  suites,
} from "../src/index.ts";
import { fixedKey, forge, forgeParts, someEncryptedDataKey } from "./forge.ts";

const keyring = rawAesKeyring({ namespace: "tests", name: "one", wrappingKey: new Uint8Array(32).fill(7) });
const dataKey = new Uint8Array(32).fill(9);
const plaintext = utf8("a plaintext");
const materials = fixedKey(dataKey);
const suite = suites.get(0x0478)!;
const oldSuite = suites.get(0x0178)!;
const forged = { suite, dataKey, plaintext, frameBytes: 4096 };

test("each byte of a header that changes makes the message unreadable", async () => {
  for (const one of [suite, oldSuite]) {
    const context = new Map([["a", "b"]]);
    const { header, parts, footer } = await forgeParts({ ...forged, suite: one, context });
    for (let offset = 0; offset < header.length; offset++) {
      for (const change of [1, 0x80, 0xff]) {
        const changed = Uint8Array.from(header);
        changed[offset]! ^= change;
        const options = { materials, commitment: "optional", maxBufferedBytes: 1e6 } as const;
        await assert.rejects(
          decrypt(concatBytes(changed, ...parts, footer), options),
          EnvelopeError,
          `${one.name}, byte ${offset} ^ ${change}`,
        );
      }
    }
  }
});

describe("a context in a header", () => {
  const pair = (name: string, value: string) => {
    const [a, b] = [utf8(name), utf8(value)];
    return concatBytes(uint16Bytes(a.length), a, uint16Bytes(b.length), b);
  };
  const count = (pairs: number, ...parts: readonly Uint8Array[]) => concatBytes(uint16Bytes(pairs), ...parts);

  it("in another order is read, as AWS's SDKs do: the header's own bytes are authentic", async () => {
    const contextBytes = count(2, pair("b", "2"), pair("a", "1"));
    const { context } = await decrypt(await forge({ ...forged, contextBytes }), { materials });
    assert.deepEqual({ ...context }, { a: "1", b: "2" });
  });

  it("with U+FEFF in front of a name keeps it", async () => {
    const { context } = await decrypt(await forge({ ...forged, contextBytes: count(1, pair("\ufeffa", "\ufeff")) }), {
      materials,
    });
    assert.deepEqual({ ...context }, { "\ufeffa": "\ufeff" });
  });

  for (const [what, contextBytes] of [
    ["with a name twice", count(2, pair("a", "1"), pair("a", "1"))],
    ["with fewer pairs than it says", count(2, pair("a", "1"))],
    ["with more pairs than it says", count(1, pair("a", "1"), pair("b", "2"))],
    ["with a length and no pairs", count(0)],
    ["of one byte", Uint8Array.of(0)],
    ["with a pair that ends early", count(1, pair("a", "1").subarray(0, -1))],
    ["with a name longer than itself", count(1, Uint8Array.of(0xff, 0xff, 1))],
    ["that is not UTF-8", count(1, Uint8Array.of(0, 1, 0xff, 0, 0))],
    ["with half of a surrogate pair", count(1, Uint8Array.of(0, 3, 0xed, 0xa0, 0x80, 0, 0))],
  ] as const) {
    it(`${what} is refused`, async () => {
      const error = await decrypt(await forge({ ...forged, contextBytes }), { materials }).then(
        () => assert.fail("it was decrypted"),
        (thrown: EnvelopeError) => thrown,
      );
      assert.equal(error.code, "MessageMalformed", error.message);
      assert.match(error.message, /encryption context.*\(at byte \d+\)/);
    });
  }
});

describe("a reader's context", () => {
  const context = { tenant: "a", purpose: "test" };
  const decryptWith = async (given: Record<string, string>, extra: Partial<DecryptOptions> = {}) =>
    decrypt(await encrypt(plaintext, { keyring, context }), { keyring, context: given, ...extra } as DecryptOptions);

  it("of a part of the message's is enough", async () => {
    assert.deepEqual({ ...(await decryptWith({ tenant: "a" })).context }, context);
    assert.deepEqual({ ...(await decryptWith({})).context }, context);
  });

  it("with another value is a mismatch", () =>
    assert.rejects(decryptWith({ tenant: "b" }), { code: "ContextMismatch" }));

  it("with a name that the message lacks opens nothing, and says which", () =>
    assert.rejects(decryptWith({ tenant: "a", extra: "e" }), {
      code: "KeyUnavailable",
      message: /does not store "extra"/,
    }));

  it("must have the required names", () =>
    assert.rejects(decryptWith({ purpose: "test" }, { requiredContextNames: ["tenant"] }), {
      code: "ContextMismatch",
    }));

  it("is authenticated where keys are not bound to it", async () => {
    const message = await forge(forged);
    const brings = {
      ...materials,
      forDecryption: async (request: Parameters<typeof materials.forDecryption>[0]) => ({
        ...(await materials.forDecryption(request)),
        context: new Map([["a", "b"]]),
        requiredContextNames: new Set(["a"]),
      }),
    };
    await assert.rejects(decrypt(message, { materials: brings }), { code: "DecryptionFailed" });
  });

  for (const [what, given] of [
    ["a reserved name", { "aws-crypto-public-key": "AA==" }],
    ["a name of no characters", { "": "a" }],
    ["half of a surrogate pair", { "\ud800": "a" }],
    ["a number for a value", { a: 1 as unknown as string }],
    ["more bytes than a header holds", { a: "a".repeat(65_530) }],
  ] as const) {
    it(`with ${what} cannot be used`, async () => {
      const given_ = given as Record<string, string>;
      await assert.rejects(encrypt(plaintext, { keyring, context: given_ }), { code: "InvalidInput" });
      await assert.rejects(decryptWith(given_), { code: "InvalidInput" });
    });
  }

  it("leaves room for the public key of a signed message, or is refused", async () => {
    const large = { a: "a".repeat(65_520) };
    const message = await encrypt(plaintext, { keyring, context: large });
    assert.deepEqual((await decrypt(message, { keyring })).plaintext, plaintext);
    await assert.rejects(encrypt(plaintext, { keyring, context: large, sign: true }), { code: "InvalidInput" });
  });
});

describe("limits", () => {
  /** Counts what is read of a message that goes on for ever. */
  async function bytesRead(start: Uint8Array, options: DecryptOptions): Promise<[EnvelopeError, number]> {
    let bytes = 0;
    function* endless() {
      yield start;
      for (;;) {
        bytes += 1024;
        yield new Uint8Array(1024);
      }
    }
    const error = await Array.fromAsync(decryptChunks(endless(), options)).then(
      () => assert.fail("it was decrypted"),
      (thrown: EnvelopeError) => thrown,
    );
    return [error, bytes];
  }

  it("65,535 encrypted data keys are refused before they are read", async () => {
    const start = concatBytes(Uint8Array.of(2, 4, 0x78), new Uint8Array(32), Uint8Array.of(0, 0, 0xff, 0xff));
    const [error, bytes] = await bytesRead(start, { keyring });
    assert.equal(error.code, "LimitExceeded");
    assert.equal(error.offset, 37);
    assert.equal(bytes, 0);
  });

  it("a header of more than 1 MiB is refused, whole or in chunks", async () => {
    const many = Array.from({ length: 20 }, () => ({ ...someEncryptedDataKey, ciphertext: new Uint8Array(65_535) }));
    const message = await forge({ ...forged, encryptedDataKeys: many });
    await assert.rejects(decrypt(message, { materials }), { code: "LimitExceeded" });
    let read = 0;
    function* chunks() {
      for (; read < message.length; read += 1024) yield message.subarray(read, read + 1024);
    }
    await assert.rejects(Array.fromAsync(decryptChunks(chunks(), { materials })), { code: "LimitExceeded" });
    assert.ok(read <= 1024 * 1024, `${read} bytes were read`);
    const wraps = {
      ...keyring,
      generateDataKey: async (request: Parameters<typeof keyring.generateDataKey>[0]) => ({
        ...(await keyring.generateDataKey(request)),
        encryptedDataKeys: many,
      }),
    };
    await assert.rejects(encrypt(plaintext, { keyring: wraps }), { code: "InvalidInput" });
  });

  it("a header that comes byte by byte is read once", async () => {
    const many = Array.from({ length: 15_000 }, () => ({ ...someEncryptedDataKey, ciphertext: new Uint8Array(1) }));
    const message = await forge({ ...forged, encryptedDataKeys: many });
    const bytes = Array.from(message, (byte) => Uint8Array.of(byte));
    const opened = await Array.fromAsync(decryptChunks(bytes, { materials, maxEncryptedDataKeys: 65_535 }));
    assert.deepEqual(concatBytes(...opened), plaintext);
  });

  it("frames of 4 GiB are refused before they are read", async () => {
    const { header } = await forgeParts({ ...forged, frameBytes: 0xffff_ffff });
    const [error, bytes] = await bytesRead(header, { materials });
    assert.equal(error.code, "LimitExceeded");
    assert.equal(bytes, 0);
  });

  for (const [what, length, code] of [
    ["2 GiB", 2n ** 31n, "LimitExceeded"],
    ["more than AES-GCM encrypts", 2n ** 36n - 31n, "MessageMalformed"],
    ["all bits", 2n ** 64n - 1n, "MessageMalformed"],
  ] as const) {
    it(`a body of one block of ${what} is refused before it is read`, async () => {
      const { header, parts } = await forgeParts({ ...forged, suite: oldSuite, frameBytes: 0 });
      const head = Uint8Array.from(parts[0]!.subarray(0, 20));
      new DataView(head.buffer).setBigUint64(12, length);
      const [error, bytes] = await bytesRead(concatBytes(header, head), { materials, commitment: "optional" });
      assert.equal(error.code, code);
      assert.equal(bytes, 0);
    });
  }

  it("what is kept of a signed message is bounded", async () => {
    const message = await encrypt(new Uint8Array(1000), { keyring, frameBytes: 100, sign: true });
    const options = { keyring, maxBufferedBytes: 999 };
    await assert.rejects(Array.fromAsync(decryptChunks([message], options)), { code: "LimitExceeded" });
    const given = await Array.fromAsync(decryptChunks([message], { ...options, releaseBeforeSignature: true }));
    assert.equal(concatBytes(...given).length, 1000);
  });

  for (const name of ["maxBufferedBytes", "maxEncryptedDataKeys"]) {
    for (const value of [Number.NaN, 0, -1, "many", null]) {
      it(`${name} is not ${value}`, async () => {
        const options = { keyring, [name]: value } as unknown as DecryptOptions;
        const message = await encrypt(plaintext, { keyring });
        await assert.rejects(decrypt(message, options), { code: "InvalidInput" });
        await assert.rejects(Array.fromAsync(decryptChunks([message], options)), { code: "InvalidInput" });
      });
    }
  }

  for (const frameBytes of [0, -1, 1.5, 2 ** 32, Number.NaN]) {
    it(`frames have not ${frameBytes} bytes`, () =>
      assert.rejects(encrypt(plaintext, { keyring, frameBytes }), { code: "InvalidInput" }));
  }
});

describe("bytes that are something else", () => {
  for (const [what, make] of [
    ["base64", (message: Buffer) => Buffer.from(message.toString("base64"))],
    ["base64 of version 1", () => Buffer.from(Buffer.from([1, 0x80, 1, 0x78]).toString("base64"))],
  ] as const) {
    it(`${what} is named`, async () => {
      const message = Buffer.from(await encrypt(plaintext, { keyring }));
      await assert.rejects(decrypt(make(message), { keyring }), { code: "MessageMalformed", message: /base64/ });
    });
  }

  for (const [what, message] of [
    ["text", "AgR4"],
    ["an ArrayBuffer", new ArrayBuffer(9)],
    ["nothing", undefined],
  ] as const) {
    it(`${what} is neither message nor plaintext`, async () => {
      const given = message as unknown as Uint8Array;
      await assert.rejects(decrypt(given, { keyring }), { code: "InvalidInput", message: /^The message is not/ });
      if (what !== "text") await assert.rejects(encrypt(given, { keyring }), { code: "InvalidInput" });
    });
  }

  it("no suite of another version, none that is unknown", async () => {
    const message = await forge(forged);
    for (const [version, id] of [
      [2, 0x0178],
      [2, 0x0479],
      [1, 0x0478],
      [3, 0x0478],
      [0, 0],
    ] as const) {
      const changed = concatBytes(
        version === 1 ? Uint8Array.of(1, 0x80) : Uint8Array.of(version),
        uint16Bytes(id),
        message.subarray(3),
      );
      await assert.rejects(decrypt(changed, { materials, commitment: "optional" }), { code: "MessageMalformed" });
    }
  });

  it("no reserved bytes but zeros", async () => {
    const message = await forge({ ...forged, suite: oldSuite, reserved: [0, 0, 0, 1] });
    const options = { materials, commitment: "optional" } as const;
    await assert.rejects(decrypt(message, options), { code: "MessageMalformed", message: /reserved bytes/ });
  });

  it("a provider's name begins with no mark that is passed over", async () => {
    const seen: string[] = [];
    const watching = {
      ...materials,
      forDecryption: (request: Parameters<typeof materials.forDecryption>[0]) => {
        seen.push(...request.encryptedDataKeys.map(({ providerId }) => providerId));
        return materials.forDecryption(request);
      },
    };
    const encryptedDataKeys = [{ ...someEncryptedDataKey, providerId: "\ufeffaws-kms" }];
    await decrypt(await forge({ ...forged, encryptedDataKeys }), { materials: watching });
    assert.deepEqual(seen, ["\ufeffaws-kms"]);
  });
});

test("more plaintext than announced is refused", async () => {
  const { encryptChunks } = await import("../src/index.ts");
  await assert.rejects(Array.fromAsync(encryptChunks([plaintext], { keyring }, plaintext.length - 1)), {
    code: "InvalidInput",
  });
  const message = concatBytes(...(await Array.fromAsync(encryptChunks([plaintext], { keyring }, plaintext.length))));
  assert.deepEqual((await decrypt(message, { keyring })).plaintext, plaintext);
});

test("a context has no special names", async () => {
  const context = JSON.parse('{"__proto__":"a","constructor":"b"}');
  const decrypted = await decrypt(await encrypt(plaintext, { keyring, context }), { keyring, context });
  assert.deepEqual(Object.entries(decrypted.context).sort(), Object.entries(context).sort());
});
