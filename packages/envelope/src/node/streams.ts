import { Duplex, PassThrough } from "node:stream";
import { decryptChunks } from "../decrypt.ts";
import { encryptChunks } from "../encrypt.ts";
import type { DecryptOptions, EncryptOptions } from "../options.ts";

/**
 * Encrypts a Node stream: `pipeline(plaintext, createEncryptStream({ keyring }), message)`. Memory: a frame. Errors, as of
 * `encrypt`, destroy the stream.
 */
export function createEncryptStream(options: EncryptOptions): Duplex {
  return new TransformDuplex((plaintext) => encryptChunks(plaintext, options));
}

/**
 * Decrypts a Node stream. A part's plaintext leaves when the part is authentic, that of a signed message when its
 * signature is (see `releaseBeforeSignature`); whoever used it must undo that when an error comes later. Errors, as of
 * `decrypt`, destroy the stream.
 */
export function createDecryptStream(options: DecryptOptions): Duplex {
  return new TransformDuplex((message) => decryptChunks(message, options));
}

/** A stream of bytes out of a generator that takes bytes and gives bytes. `Duplex.from` would make one of objects. */
class TransformDuplex extends Duplex {
  readonly #input = new PassThrough();
  readonly #output: AsyncGenerator<Uint8Array>;

  constructor(transform: (chunks: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array>) {
    super();
    // Whoever reads the output is told of errors.
    this.#input.on("error", () => undefined);
    this.#output = transform(this.#input);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#input.write(chunk)) done();
    else this.#input.once("drain", done);
  }

  override _final(done: () => void): void {
    this.#input.end(done);
  }

  override _read(): void {
    this.#output.next().then(
      (next) => void this.push(next.done ? null : next.value),
      (error: Error) => void this.destroy(error),
    );
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#input.destroy(error ?? undefined);
    this.#output.return(undefined).then(
      () => done(error),
      () => done(error),
    );
  }
}
