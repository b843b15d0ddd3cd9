import assert from "node:assert/strict";
import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { PassThrough, Readable, Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, test } from "node:test";
import type { Worker } from "node:worker_threads";
import { ByteQueue } from "../byte-queue.ts";
import { decrypt, EnvelopeError, encrypt, type Keyring, PlaintextDataKey } from "../index.ts";
import { takeHeader } from "../message/read-message.ts";
import { decryptFile, encryptFile } from "./index.ts";
import { directoryWith, failing, keyring, patternBytes } from "./testing/files.ts";

const frameBytes = 65_536;
const framesPerBatch = 16;
const batchBytes = frameBytes * framesPerBatch;
const sealedFrameBytes = 4 + 12 + frameBytes + 16;
/** Threads whatever the length. */
const parallel = { keyring, frameBytes, threads: 2, parallelFromBytes: 0, overwrite: true };

/** The same bytes in chunks of many sizes. */
function chunksOf(bytes: Uint8Array): Readable {
  const sizes = [1, 70_000, 3, 16, 400_000, 65_535, 2_000_000];
  const chunks: Uint8Array[] = [];
  for (let offset = 0, index = 0; offset < bytes.length; index++) {
    const size = sizes[index % sizes.length]!;
    chunks.push(bytes.subarray(offset, offset + size));
    offset += size;
  }
  return Readable.from(chunks);
}

async function decryptedBytes(source: string | Readable): Promise<Buffer> {
  const out = new PassThrough();
  const decrypting = decryptFile(source, out, { ...parallel, releaseBeforeSignature: true });
  const [bytes] = await Promise.all([buffer(out), decrypting]);
  return bytes;
}

async function headerBytesOf(message: Uint8Array): Promise<number> {
  return (await takeHeader(new ByteQueue([message]), 32)).byteLength;
}

describe("threads seal and open what one thread does", () => {
  const lengths = [0, 1, frameBytes - 1, frameBytes, frameBytes + 1, batchBytes - 1, batchBytes, batchBytes + 1];
  for (const length of [...lengths, 2 * batchBytes, 3 * batchBytes + 4321]) {
    test(`${length} bytes, from and to files and streams, signed and not`, async () => {
      const plaintext = patternBytes(length);
      const { at } = directoryWith(plaintext);
      for (const sign of [false, true]) {
        const fromFile = await encryptFile(at("plain"), at("sealed"), { ...parallel, sign });
        assert.deepEqual(Buffer.from((await decrypt(readFileSync(at("sealed")), { keyring })).plaintext), plaintext);
        assert.equal(fromFile.sourceBytes, length);
        assert.equal(fromFile.targetBytes, readFileSync(at("sealed")).length);
        const out = new PassThrough();
        const [sealed] = await Promise.all([buffer(out), encryptFile(chunksOf(plaintext), out, { ...parallel, sign })]);
        const { targetBytes } = await decryptFile(at("sealed"), at("opened"), parallel);
        assert.equal(targetBytes, length);
        assert.deepEqual(readFileSync(at("opened")), plaintext);
        await decryptFile(chunksOf(sealed), at("opened"), parallel);
        assert.deepEqual(readFileSync(at("opened")), plaintext);
        assert.deepEqual(await decryptedBytes(at("sealed")), plaintext);
        assert.deepEqual(await decryptedBytes(chunksOf(sealed)), plaintext);
      }
    });
  }

  test("one thread, more threads than frames, frames of other sizes", async () => {
    for (const [length, bytes, threads] of [
      [10_000_000, 3_000_000, 1],
      [20_000_000, 1_000_000, 5],
      [3_000_000, 5000, 3],
      [3, 1, 8],
    ] as const) {
      const plaintext = patternBytes(length);
      const { at } = directoryWith(plaintext);
      const options = { ...parallel, frameBytes: bytes, threads };
      await encryptFile(at("plain"), at("sealed"), options);
      await decryptFile(at("sealed"), at("opened"), options);
      assert.ok(readFileSync(at("opened")).equals(plaintext));
    }
  });

  test("threads are counted", async () => {
    const { at } = directoryWith("");
    for (const threads of [0, 9, 1.5]) {
      const refused = failing("InvalidInput", /threads is a whole number/);
      await assert.rejects(encryptFile(at("plain"), at("sealed"), { ...parallel, threads }), refused);
    }
  });

  test("progress goes from nothing to all", async () => {
    const { at } = directoryWith(patternBytes(3 * batchBytes + 1));
    for (const run of [encryptFile, decryptFile]) {
      const [from, to] = run === encryptFile ? [at("plain"), at("sealed")] : [at("sealed"), at("opened")];
      const done: number[] = [];
      await run(from, to, { ...parallel, onProgress: ({ bytesDone }) => done.push(bytesDone) });
      assert.equal(done.at(-1), readFileSync(from).length);
      assert.ok(done.length >= 4);
      assert.deepEqual(
        done.toSorted((a, b) => a - b),
        done,
      );
    }
  });
});

/** A message with something wrong, and a name for it. */
type Damage = readonly [name: string, bytes: Uint8Array];

/** The body's parts: header, frames, and a signature if there is one. */
function partsOf(message: Uint8Array, bodyAt: number, frames: number): Uint8Array[] {
  const parts = [message.subarray(0, bodyAt)];
  for (let frame = 0; frame < frames - 1; frame++) {
    const at = bodyAt + frame * sealedFrameBytes;
    parts.push(message.subarray(at, at + sealedFrameBytes));
  }
  parts.push(message.subarray(bodyAt + (frames - 1) * sealedFrameBytes));
  return parts;
}

function flipped(message: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(message);
  copy[at]! ^= 1;
  return copy;
}

function damages(message: Uint8Array, bodyAt: number, frames: number): Damage[] {
  const parts = partsOf(message, bodyAt, frames);
  const joined = (order: readonly number[]) => Buffer.concat(order.map((index) => parts[index]!));
  const all = parts.map((_, index) => index);
  const frameAt = (frame: number) => bodyAt + (frame - 1) * sealedFrameBytes;
  const boundaries = [1, framesPerBatch, framesPerBatch + 1, frames].flatMap((frame) =>
    [0, 3, 4, 16, 17, 24, sealedFrameBytes - 16].map((inside) => frameAt(frame) + inside),
  );
  const without = (frame: number) => joined(all.filter((index) => index !== frame));
  const swap = (a: number, b: number) => joined(all.map((index) => (index === a ? b : index === b ? a : index)));
  return [
    ...boundaries.filter((at) => at < message.length).map((at): Damage => [`ends at ${at}`, message.subarray(0, at)]),
    ["lacks its last byte", message.subarray(0, -1)],
    ...[1, 2, 8, 9, 10, 70_000, sealedFrameBytes * 20].map(
      (bytes): Damage => [`${bytes} bytes behind it`, Buffer.concat([message, Buffer.alloc(bytes)])],
    ),
    ["itself behind it", Buffer.concat([message, message])],
    ["its last frame twice", Buffer.concat([message, parts.at(-1)!])],
    ["no first frame", without(1)],
    ["no frame at a batch's end", without(framesPerBatch)],
    ["no last frame", without(frames)],
    ["a frame twice", joined(all.toSpliced(5, 0, 5))],
    ["frames swapped", swap(2, 3)],
    ["batches swapped", swap(framesPerBatch, framesPerBatch + 1)],
    ["first and last swapped", swap(1, frames)],
    ...[1, framesPerBatch, framesPerBatch + 1, frames].flatMap((frame): Damage[] => [
      [`a number of frame ${frame} is wrong`, flipped(message, frameAt(frame) + 3)],
      [`an IV of frame ${frame} is wrong`, flipped(message, frameAt(frame) + 15)],
      [`content of frame ${frame} is wrong`, flipped(message, frameAt(frame) + 30)],
    ]),
    ["a tag is wrong", flipped(message, frameAt(3) - 1)],
    ["two frames are wrong", flipped(flipped(message, frameAt(framesPerBatch * 2) + 99), frameAt(2) + 99)],
  ];
}

/** What one thread says. */
async function sequentialError(message: Uint8Array): Promise<EnvelopeError> {
  const error = await decrypt(message, { keyring }).then(
    () => assert.fail("it decrypts"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof EnvelopeError, `${error}`);
  return error;
}

for (const sign of [false, true]) {
  test(`${sign ? "signed" : "unsigned"} messages that are not right: what one thread says of them, and nothing is left`, async () => {
    const frames = framesPerBatch * 2 + 3;
    const plaintext = patternBytes((frames - 1) * frameBytes + 50);
    const message = await encrypt(plaintext, { keyring, frameBytes, sign });
    const bodyAt = await headerBytesOf(message);
    const { directory, at } = directoryWith("");
    for (const [index, [name, bytes]] of damages(message, bodyAt, frames).entries()) {
      // Signed messages go the same way.
      if (sign && index % 4 !== 0) continue;
      const expected = await sequentialError(bytes);
      writeFileSync(at("plain"), bytes);
      const same = (error: unknown) => {
        assert.ok(error instanceof EnvelopeError, `${name}: ${error}`);
        assert.deepEqual([error.code, error.offset], [expected.code, expected.offset], `${name}: ${error}`);
        return true;
      };
      await assert.rejects(decryptFile(at("plain"), at("opened"), parallel), (error: Error) => {
        assert.match(error.message, /plain: .* \(at byte [0-9]+\)\.$/, name);
        return same(error);
      });
      if (index % 4 === 0) await assert.rejects(decryptFile(chunksOf(bytes), at("opened"), parallel), same);
      assert.deepEqual(readdirSync(directory), ["plain"], name);
    }
  });
}

test("frames of another message under the same data key do not fit", async () => {
  const dataKey = new Uint8Array(32).fill(9);
  const cached: Keyring = {
    generateDataKey: async () => ({ dataKey: PlaintextDataKey.takeFrom(Uint8Array.from(dataKey)), encryptedDataKeys }),
    wrapDataKey: async () => encryptedDataKeys,
    unwrapDataKey: async () => ({ dataKey: PlaintextDataKey.takeFrom(Uint8Array.from(dataKey)), problems: [] }),
  };
  const encryptedDataKeys = [{ providerId: "tests", providerInfo: new Uint8Array(1), ciphertext: new Uint8Array(1) }];
  const options = { ...parallel, keyring: cached };
  const { directory, at } = directoryWith(patternBytes(2 * batchBytes));
  await encryptFile(at("plain"), at("one"), options);
  await encryptFile(at("plain"), at("two"), options);
  const [one, two] = [readFileSync(at("one")), readFileSync(at("two"))];
  const bodyAt = await headerBytesOf(one);
  for (const frame of [1, framesPerBatch, framesPerBatch + 1, framesPerBatch * 2]) {
    const begin = bodyAt + (frame - 1) * sealedFrameBytes;
    const mixed = Buffer.from(one);
    mixed.set(two.subarray(begin, begin + sealedFrameBytes), begin);
    writeFileSync(at("mixed"), mixed);
    const refused = failing("DecryptionFailed", new RegExp(`mixed: .*\\(at byte ${begin}\\)`));
    await assert.rejects(decryptFile(at("mixed"), at("opened"), options), refused);
  }
  assert.deepEqual(readdirSync(directory).sort(), ["mixed", "one", "plain", "two"]);
});

test("plaintext leaves in order, and none of a batch that is not right", async () => {
  const plaintext = patternBytes(4 * batchBytes);
  const message = await encrypt(plaintext, { keyring, frameBytes });
  const bodyAt = await headerBytesOf(message);
  message[bodyAt + 2 * framesPerBatch * sealedFrameBytes + 100]! ^= 1;
  const written: Buffer[] = [];
  const sink = new Writable({ write: (chunk, _, done) => done(void written.push(chunk)) });
  await assert.rejects(decryptFile(Readable.from([message]), sink, parallel), EnvelopeError);
  assert.ok(Buffer.concat(written).equals(plaintext.subarray(0, 2 * batchBytes)));
  assert.ok(sink.destroyed);
});

test("nothing of a signed message leaves through a stream before its signature, unless that is said", async () => {
  const message = await encrypt(patternBytes(3 * batchBytes), { keyring, frameBytes, sign: true });
  message[message.length - 5]! ^= 1;
  for (const [releaseBeforeSignature, expected] of [
    [false, 0],
    [true, 3 * batchBytes],
  ] as const) {
    let written = 0;
    const sink = new Writable({
      write(chunk, _, done) {
        written += chunk.length;
        done();
      },
    });
    const options = { ...parallel, releaseBeforeSignature };
    const refused = failing("DecryptionFailed", /cannot be decrypted/);
    await assert.rejects(decryptFile(Readable.from([message]), sink, options), refused);
    assert.equal(written, expected);
  }
});

describe("what is interrupted leaves nothing", () => {
  const length = 6 * batchBytes;

  test("by a signal", async () => {
    const { directory, at } = directoryWith(patternBytes(length));
    const stop = new AbortController();
    const options = { ...parallel, signal: stop.signal, onProgress: () => stop.abort(new Error("stopped")) };
    await assert.rejects(encryptFile(at("plain"), at("sealed"), options), /stopped/);
    assert.deepEqual(readdirSync(directory), ["plain"]);
  });

  test("by the end of a thread", async () => {
    const { directory, at } = directoryWith(patternBytes(length));
    const end = (worker: Worker) => void worker.terminate();
    process.once("worker", end);
    await assert.rejects(encryptFile(at("plain"), at("sealed"), parallel), /A worker thread ended/);
    assert.deepEqual(readdirSync(directory), ["plain"]);
  });

  test("by a source that fails", async () => {
    const { directory, at } = directoryWith("");
    const source = (async function* () {
      for (let chunk = 0; chunk < 40; chunk++) yield Buffer.alloc(100_000);
      throw new Error("the source failed");
    })();
    await assert.rejects(encryptFile(source, at("sealed"), parallel), /the source failed/);
    assert.deepEqual(readdirSync(directory), ["plain"]);
  });

  test("by a target that fails", async () => {
    const { at } = directoryWith(patternBytes(length));
    let written = 0;
    const sink = new Writable({
      write(chunk, _, done) {
        written += chunk.length;
        done(written > batchBytes * 2 ? new Error("the target failed") : null);
      },
    });
    await assert.rejects(encryptFile(at("plain"), sink, parallel), /the target failed/);
  });

  test("by a file that gets shorter or longer", async () => {
    for (const size of [batchBytes, length + 1]) {
      const { directory, at } = directoryWith(patternBytes(length));
      const onProgress = () => truncateSync(at("plain"), size);
      const changed = failing("FileRefused", /plain: it changed while it was read/);
      await assert.rejects(encryptFile(at("plain"), at("sealed"), { ...parallel, threads: 1, onProgress }), changed);
      assert.deepEqual(readdirSync(directory), ["plain"]);
    }
  });
});
