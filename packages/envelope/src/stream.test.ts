import assert from "node:assert/strict";
import { test } from "node:test";
import { decryptStream, EnvelopeError, encrypt, encryptStream, rawAesKeyring } from "./index.ts";

const keyring = rawAesKeyring({ namespace: "tests", name: "one", wrappingKey: new Uint8Array(32).fill(7) });

function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  const rest = [...chunks];
  return new ReadableStream(
    {
      pull(controller) {
        const chunk = rest.shift();
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
    },
    { highWaterMark: 0 },
  );
}

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  return Buffer.from(await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
}

test("a Web Stream goes through encryption and decryption", async () => {
  const chunks = Array.from({ length: 50 }, (_, index) => new Uint8Array(index * 7).fill(index));
  for (const sign of [false, true]) {
    const message = streamOf(chunks).pipeThrough(encryptStream({ keyring, frameBytes: 100, sign }));
    assert.deepEqual(await bytesOf(message.pipeThrough(decryptStream({ keyring }))), Buffer.concat(chunks));
  }
});

test("nothing is read ahead of a reader", async () => {
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>(
    { pull: (controller) => controller.enqueue(new Uint8Array(100).fill(pulled++)) },
    { highWaterMark: 0 },
  );
  const message = endless.pipeThrough(encryptStream({ keyring, frameBytes: 100 }));
  const reader = message.getReader();
  for (let piece = 0; piece < 10; piece++) await reader.read();
  // Ten pieces are a header and three frames; a frame is sealed when one byte more is there.
  assert.ok(pulled <= 7, `${pulled} chunks were pulled`);
  await reader.cancel();
});

test("an error shows at both ends", async () => {
  const message = await encrypt(new Uint8Array(1000), { keyring, frameBytes: 100 });
  message[500]! ^= 1;
  const { readable, writable } = decryptStream({ keyring });
  const read = bytesOf(readable);
  const writer = writable.getWriter();
  const written = (async () => {
    for (;;) await writer.write(message);
  })();
  await assert.rejects(read, (error) => error instanceof EnvelopeError && error.code === "DecryptionFailed");
  await assert.rejects(written, (error) => error instanceof EnvelopeError && error.code === "DecryptionFailed");
});

test("a writer that gives up makes the reader fail", async () => {
  const { readable, writable } = encryptStream({ keyring });
  const read = bytesOf(readable);
  await writable.abort(new Error("no more"));
  await assert.rejects(read, /no more/);
});
