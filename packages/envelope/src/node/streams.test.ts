import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { EnvelopeError, encrypt, rawAesKeyring } from "../index.ts";
import { createDecryptStream, createEncryptStream } from "./index.ts";

const keyring = rawAesKeyring({ namespace: "tests", name: "one", wrappingKey: new Uint8Array(32).fill(7) });

test("a Node stream goes through encryption and decryption", async () => {
  const chunks = Array.from({ length: 300 }, (_, index) => Buffer.alloc(index * 11, index));
  for (const sign of [false, true]) {
    const message = Readable.from(chunks).pipe(createEncryptStream({ keyring, frameBytes: 1000, sign }));
    assert.deepEqual(await buffer(message.pipe(createDecryptStream({ keyring }))), Buffer.concat(chunks));
  }
});

test("nothing is read ahead of a reader", async () => {
  let pulled = 0;
  const endless = new Readable({
    highWaterMark: 1,
    read() {
      pulled++;
      this.push(Buffer.alloc(65_536));
    },
  });
  const message = endless.pipe(createEncryptStream({ keyring }));
  let bytes = 0;
  for await (const chunk of message) {
    bytes += chunk.length;
    if (bytes > 1_000_000) break;
  }
  assert.ok(pulled < 30, `${pulled} chunks were pulled for ${bytes} bytes`);
  endless.destroy();
});

test("a message that is not right fails the pipeline", async () => {
  const message = Buffer.from(await encrypt(new Uint8Array(1000), { keyring, frameBytes: 100 }));
  for (const damaged of [message.subarray(0, -1), Buffer.concat([message, Buffer.of(0)])]) {
    const whole = pipeline(Readable.from([damaged]), createDecryptStream({ keyring }), buffer);
    await assert.rejects(whole, (error) => error instanceof EnvelopeError && error.code === "MessageMalformed");
  }
});

test("a source that fails fails the pipeline", async () => {
  const failing = Readable.from(
    (async function* () {
      yield Buffer.alloc(10);
      throw new Error("the source failed");
    })(),
  );
  await assert.rejects(pipeline(failing, createEncryptStream({ keyring }), buffer), /the source failed/);
});
