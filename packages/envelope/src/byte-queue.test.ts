import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ByteQueue } from "./byte-queue.ts";
import { EnvelopeError } from "./errors.ts";

test("bytes come out as they went in, whatever the chunks and the pieces", async () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 4000, max: 9000 })), {
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(sizes, sizes, async (chunkSizes, pieceSizes) => {
      let next = 0;
      const chunks = chunkSizes.map((size) => Uint8Array.from({ length: size }, () => next++ % 251));
      const queue = new ByteQueue(chunks);
      let taken = 0;
      const check = (piece: Uint8Array) => {
        for (const byte of piece) assert.equal(byte, taken++ % 251);
      };
      for (const size of pieceSizes) {
        if (!(await queue.fill(size))) break;
        assert.deepEqual(queue.peek(size), queue.peek(size));
        check(queue.take(size));
        assert.equal(queue.offset, taken);
      }
      while (await queue.fill(1)) check(queue.take(queue.available));
      assert.equal(taken, next);
    }),
    { numRuns: 60 },
  );
});

test("a great many chunks of a byte are no more work than their bytes", async () => {
  const byte = Uint8Array.of(7);
  const queue = new ByteQueue(Array.from({ length: 200_000 }, () => byte));
  assert.ok(await queue.fill(200_000));
  for (let taken = 0; taken < 100_000; taken++) queue.take(1);
  assert.equal(queue.take(100_000).length, 100_000);
  assert.equal(await queue.fill(1), false);
});

test("the memory of a chunk is left as it was", async () => {
  const memory = new Uint8Array(100).fill(1);
  const queue = new ByteQueue([memory.subarray(0, 10), new Uint8Array(10).fill(2), memory.subarray(20, 30)]);
  await queue.fill(30);
  queue.take(30);
  assert.ok(memory.every((value) => value === 1));
});

for (const [what, chunk] of [
  ["text", "text"],
  ["an ArrayBuffer", new ArrayBuffer(3)],
  ["other numbers", new Uint16Array(3)],
  ["nothing", undefined],
] as const) {
  test(`${what} is no chunk`, async () => {
    const queue = new ByteQueue([chunk as unknown as Uint8Array]);
    await assert.rejects(
      queue.fill(1),
      (error) =>
        error instanceof EnvelopeError && error.code === "InvalidInput" && /not a Uint8Array/.test(error.message),
    );
  });
}
