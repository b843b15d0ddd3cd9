import { ByteQueue } from "../byte-queue.ts";
import { beginReading, keepAll, limitsOf, publicContext, releasesEarly } from "../decrypt.ts";
import { finishMessage, type ReadableMessage, readPlaintext } from "../message/read-message.ts";
import { fileBatches, streamBatches } from "./batch-source.ts";
import type { DecryptedFile, DecryptFileOptions, FileTarget } from "./file-options.ts";
import type { FileSource } from "./file-source.ts";
import { frameKeyOf, isWorthThreads, runFramePipeline, threadsOf } from "./frame-pipeline.ts";
import { type Transfer, transferFile } from "./transfer.ts";

/** A signature's length and the longest that this can say. */
const maxFooterBytes = 2 + 65_535;

/**
 * Decrypts a file or a stream into a file or a stream. A target file appears under its name when all of the message was
 * right, its signature too, with the source's mode (0600 if that is a stream). A target stream gets a part's plaintext when
 * the part was right; that of a signed message is kept until its signature was, unless `releaseBeforeSignature`.
 *
 * @param source a path, or a stream of bytes
 * @param target a path, or a stream to write to
 * @throws EnvelopeError FileRefused, FileFailed, and as `decrypt`, with the file and the place in it; the signal's reason
 */
export async function decryptFile(
  source: FileSource,
  target: FileTarget,
  options: DecryptFileOptions,
): Promise<DecryptedFile> {
  const threads = threadsOf(options);
  const limits = limitsOf(options);
  return transferFile(source, target, options, async (transfer) => {
    const queue = new ByteQueue(transfer.chunks());
    try {
      const readable = await beginReading(queue, options);
      const { suite, frameBytes } = readable.header;
      const early = transfer.target !== undefined || releasesEarly(readable, options);
      const batched = early && frameBytes > 0 && frameBytes <= limits.maxBufferedBytes;
      if (batched && (await isWorthThreads(transfer, frameBytes, queue))) {
        await openInParallel(readable, transfer, threads, queue);
      } else {
        const parts = readPlaintext(readable, queue, limits);
        for await (const part of early ? parts : await keepAll(parts, limits)) await transfer.write(part);
      }
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

async function openInParallel(
  { header, messageKey, verifier }: ReadableMessage,
  transfer: Transfer,
  threads: number,
  queue: ByteQueue,
): Promise<void> {
  const { messageId, frameBytes, suite, byteLength } = header;
  const { source } = transfer;
  await runFramePipeline({
    direction: "open",
    transfer,
    threads,
    frameKey: frameKeyOf(messageKey, { messageId, frameBytes, version: suite.version }),
    batches: (shape) => (source ? fileBatches(byteLength, source.byteLength, shape) : streamBatches(queue, shape)),
    footerBytes: verifier === undefined ? 0 : maxFooterBytes,
    async finish({ position, input, output, result }) {
      const end = position + result.inputBytes;
      verifier?.update(input.subarray(0, result.inputBytes));
      await transfer.writeShared(output);
      if (!result.final) {
        transfer.advanceTo(end);
        return false;
      }
      await finishMessage({ verifier }, new ByteQueue([input.subarray(result.inputBytes)], end));
      transfer.advanceTo(position + input.length);
      return true;
    },
  });
}
