import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { concatBytes } from "../src/bytes.ts";
import {
  type DecryptOptions,
  decrypt,
  decryptChunks,
  EnvelopeError,
  type EnvelopeErrorCode,
  encrypt,
  rawAesKeyring,
  suites,
} from "../src/index.ts";
import { fixedKey, forge, forgeParts } from "./forge.ts";

const keyring = rawAesKeyring({ namespace: "tests", name: "one", wrappingKey: new Uint8Array(32).fill(7) });
const dataKey = new Uint8Array(32).fill(9);
const plaintext = Uint8Array.from({ length: 40 }, (_, index) => index);
const materials = fixedKey(dataKey);
const suite = suites.get(0x0478)!;

/** Refused, whole and in chunks, and with nothing but an error of ours. */
async function refused(message: Uint8Array, code: EnvelopeErrorCode, options: DecryptOptions): Promise<EnvelopeError> {
  const half = message.length >> 1;
  const chunks = decryptChunks([message.subarray(0, half), message.subarray(half)], options);
  await assert.rejects(Array.fromAsync(chunks), { name: "EnvelopeError", code });
  const error = await decrypt(message, options).then(
    () => assert.fail("it was decrypted"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof EnvelopeError, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}

describe("a message that ends too early", () => {
  for (const [what, options] of [
    ["of frames", { frameBytes: 16 }],
    ["of one frame, signed", { sign: true }],
  ] as const) {
    it(`${what}: cut at each byte`, async () => {
      const message = await encrypt(plaintext, { keyring, context: { a: "b" }, ...options });
      for (let length = 0; length < message.length; length++) {
        const error = await decrypt(message.subarray(0, length), { keyring }).then(
          () => assert.fail(`at ${length}`),
          (thrown: unknown) => thrown,
        );
        assert.ok(error instanceof EnvelopeError && error.code === "MessageMalformed", `at ${length}: ${error}`);
        assert.ok(error.offset !== undefined && error.offset <= length, `${error.message} names an offset`);
      }
    });
  }

  it("of one block: cut at each byte", async () => {
    const message = await forge({ suite: suites.get(0x0178)!, dataKey, plaintext, frameBytes: 0 });
    for (let length = 0; length < message.length; length++) {
      await assert.rejects(decrypt(message.subarray(0, length), { materials, commitment: "optional" }), {
        code: "MessageMalformed",
      });
    }
  });

  it("gives nothing of a signed message out", async () => {
    const message = await encrypt(plaintext, { keyring, frameBytes: 16, sign: true });
    const given: Uint8Array[] = [];
    await assert.rejects(async () => {
      for await (const piece of decryptChunks([message.subarray(0, -1)], { keyring })) given.push(piece);
    }, EnvelopeError);
    assert.deepEqual(given, []);
  });
});

describe("a message that goes on too long", () => {
  for (const sign of [false, true]) {
    it(sign ? "signed" : "not signed", async () => {
      const message = await encrypt(plaintext, { keyring, sign });
      const error = await refused(concatBytes(message, Uint8Array.of(0)), "MessageMalformed", { keyring });
      assert.equal(error.offset, message.length);
      await refused(concatBytes(message, message), "MessageMalformed", { keyring });
    });
  }
});

describe("frames", () => {
  const parts = () => forgeParts({ suite, dataKey, plaintext, frameBytes: 16 });

  it("as they are", async () => {
    const { header, parts: frames } = await parts();
    assert.equal(frames.length, 3);
    assert.deepEqual((await decrypt(concatBytes(header, ...frames), { materials })).plaintext, plaintext);
  });

  for (const [what, order, code] of [
    ["out of order", [1, 0, 2], "MessageMalformed"],
    ["with one twice", [0, 0, 1, 2], "MessageMalformed"],
    ["with the last twice", [0, 1, 2, 2], "MessageMalformed"],
    ["without the first", [1, 2], "MessageMalformed"],
    ["without the middle one", [0, 2], "MessageMalformed"],
    ["without the last", [0, 1], "MessageMalformed"],
    ["that are the last alone", [2], "MessageMalformed"],
    ["that are none", [], "MessageMalformed"],
  ] as const) {
    it(what, async () => {
      const { header, parts: frames } = await parts();
      await refused(concatBytes(header, ...order.map((index) => frames[index]!)), code, { materials });
      // In version 1 a frame's number alone says where it belongs.
      const old = await forgeParts({ suite: suites.get(0x0178)!, dataKey, plaintext, frameBytes: 16 });
      const message = concatBytes(old.header, ...order.map((index) => old.parts[index]!));
      await refused(message, code, { materials, commitment: "optional" });
    });
  }

  it("numbered anew", async () => {
    const { header, parts: frames } = await parts();
    const renumber = (frame: Uint8Array, sequence: number) => {
      const copy = Uint8Array.from(frame);
      copy[3] = sequence;
      copy[15] = sequence;
      return copy;
    };
    const swapped = [renumber(frames[1]!, 1), renumber(frames[0]!, 2), frames[2]!];
    const error = await refused(concatBytes(header, ...swapped), "DecryptionFailed", { materials });
    assert.equal(error.offset, header.length, "where the frame begins");
  });

  it("of another message under the same data key", async () => {
    const [one, two] = [await parts(), await parts()];
    for (let index = 0; index < 3; index++) {
      const mixed = one.parts.map((frame, at) => (at === index ? two.parts[at]! : frame));
      const offset = one.header.length + one.parts.slice(0, index).reduce((sum, { length }) => sum + length, 0);
      const error = await refused(concatBytes(one.header, ...mixed), "DecryptionFailed", { materials });
      assert.equal(error.offset, offset);
    }
    await refused(concatBytes(one.header, ...two.parts), "DecryptionFailed", { materials });
  });

  it("of which one ends the message earlier", async () => {
    const { header, parts: frames } = await parts();
    const [first] = frames;
    const length = Uint8Array.of(0, 0, 0, 16);
    const ending = concatBytes(new Uint8Array(4).fill(0xff), first!.subarray(0, 16), length, first!.subarray(16));
    await refused(concatBytes(header, ending), "DecryptionFailed", { materials });
  });

  it("of which the last no longer ends the message", async () => {
    const full = plaintext.subarray(0, 32);
    const { header, parts: frames } = await forgeParts({ suite, dataKey, plaintext: full, frameBytes: 16 });
    const last = frames[1]!;
    const regular = concatBytes(last.subarray(4, 20), last.subarray(24));
    await refused(concatBytes(header, frames[0]!, regular, frames[0]!), "DecryptionFailed", { materials });
  });

  it("of which the last is longer than a frame", async () => {
    const { header } = await forgeParts({ suite, dataKey, plaintext: plaintext.subarray(0, 8), frameBytes: 8 });
    const { parts: longer } = await forgeParts({ suite, dataKey, plaintext: plaintext.subarray(0, 9), frameBytes: 9 });
    const error = await refused(concatBytes(header, ...longer), "MessageMalformed", { materials });
    assert.match(error.message, /longer than a frame/);
  });

  it("with IVs of their own: refused in version 2, read in version 1, whose first writers drew them", async () => {
    const partIv = (sequence: number) => new Uint8Array(12).fill(sequence * 17);
    const forged = { dataKey, plaintext, frameBytes: 16, partIv };
    await refused(await forge({ ...forged, suite }), "MessageMalformed", { materials });
    const options = { materials, commitment: "optional" } as const;
    for (const frameBytes of [16, 0]) {
      const old = await forge({ ...forged, suite: suites.get(0x0178)!, frameBytes });
      assert.deepEqual((await decrypt(old, options)).plaintext, plaintext);
      const damaged = Uint8Array.from(old);
      damaged[old.length - 16 - plaintext.length]! ^= 1;
      await assert.rejects(decrypt(damaged, options), EnvelopeError);
    }
  });
});

test("plaintext leaves frame by frame, and none of a frame that is not authentic", async () => {
  const message = await encrypt(plaintext, { keyring, frameBytes: 16 });
  message[message.length - 1]! ^= 1;
  const given: number[] = [];
  await assert.rejects(
    async () => {
      for await (const piece of decryptChunks([message], { keyring })) given.push(...piece);
    },
    { code: "DecryptionFailed" },
  );
  assert.deepEqual(given, [...plaintext.subarray(0, 32)]);
});

test("a source is closed when its reader stops, and its own error passes", async () => {
  const message = await encrypt(plaintext, { keyring, frameBytes: 16 });
  let closed = 0;
  async function* source(end?: Error) {
    try {
      yield message.subarray(0, -50);
      if (end !== undefined) throw end;
      yield message.subarray(-50);
    } finally {
      closed++;
    }
  }
  for await (const _ of decryptChunks(source(), { keyring })) break;
  assert.equal(closed, 1);
  const broken = new Error("the disk is gone");
  await assert.rejects(Array.fromAsync(decryptChunks(source(broken), { keyring })), (error) => error === broken);
});
