import type { ChunkSource } from "./byte-queue.ts";
import { decryptChunks } from "./decrypt.ts";
import { encryptChunks } from "./encrypt.ts";
import type { DecryptOptions, EncryptOptions } from "./options.ts";

/** What `pipeThrough` takes: bytes go in at one end and come out at the other. */
export interface BytesTransform {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/**
 * Encrypts a Web Stream: `plaintext.pipeThrough(encryptStream({ keyring }))`. Reads no faster than it is read; memory: a
 * frame. The key service is asked when somebody reads. Errors, as of `encrypt`, show at both ends.
 */
export function encryptStream(options: EncryptOptions): BytesTransform {
  return transformBy((plaintext) => encryptChunks(plaintext, options));
}

/**
 * Decrypts a Web Stream. A part's plaintext leaves when the part is authentic, that of a signed message when its signature
 * is (see `releaseBeforeSignature`); whoever used it must undo that when an error comes later. Errors, as of `decrypt`,
 * show at both ends.
 */
export function decryptStream(options: DecryptOptions): BytesTransform {
  return transformBy((message) => decryptChunks(message, options));
}

function transformBy(transform: (chunks: ChunkSource) => AsyncGenerator<Uint8Array>): BytesTransform {
  const input = new TransformStream<Uint8Array, Uint8Array>();
  const reader = input.readable.getReader();
  // Not every browser can iterate over a stream.
  const output = transform({ [Symbol.asyncIterator]: () => iteratorOf(reader) });
  const readable = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = await output.next();
          if (next.done) controller.close();
          else controller.enqueue(next.value);
        } catch (error) {
          await reader.cancel(error).catch(() => undefined);
          throw error;
        }
      },
      async cancel(reason) {
        await reader.cancel(reason);
        await output.return(undefined);
      },
    },
    // Nothing happens before somebody reads.
    { highWaterMark: 0 },
  );
  return { readable, writable: input.writable };
}

function iteratorOf(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncIterator<Uint8Array> {
  return {
    async next() {
      const { done, value } = await reader.read();
      return done ? { done, value: undefined } : { done: false, value };
    },
  };
}
