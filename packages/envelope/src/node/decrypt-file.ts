import { ByteQueue } from "../byte-queue.ts";
import { beginReading, keepAll, limitsOf, publicContext, releasesEarly } from "../decrypt.ts";
import { readPlaintext } from "../message/read-message.ts";
import type { DecryptedFile, DecryptFileOptions, FileTarget } from "./file-options.ts";
import type { FileSource } from "./file-source.ts";
import { transferFile } from "./transfer.ts";

/**
 * Decrypts a file or a stream into a file or a stream. A target file appears under its name when all of the message was
 * right, its signature too, with the source's mode (0600 if that is a stream). A target stream gets a part's plaintext when
 * the part was right; that of a signed message is kept until its signature was, unless `releaseBeforeSignature`.
 *
 * @param source a path, or a stream of bytes
 * @param target a path, or a stream to write to
 * @throws EnvelopeError FileRefused, FileFailed, and as `decrypt`, with the file and the place in it; the signal's reason
 */
export function decryptFile(
  source: FileSource,
  target: FileTarget,
  options: DecryptFileOptions,
): Promise<DecryptedFile> {
  return transferFile(source, target, options, async (transfer) => {
    const limits = limitsOf(options);
    const queue = new ByteQueue(transfer.chunks());
    try {
      const readable = await beginReading(queue, options);
      const parts = readPlaintext(readable, queue, limits);
      const early = transfer.target !== undefined || releasesEarly(readable, options);
      for await (const part of early ? parts : await keepAll(parts, limits)) await transfer.write(part);
      const { suite } = readable.header;
      return {
        sourceBytes: transfer.bytesDone,
        targetBytes: transfer.bytesWritten,
        context: publicContext(readable),
        suite: suite.name,
        signed: suite.signature !== undefined,
      };
    } finally {
      await queue.close();
    }
  });
}
