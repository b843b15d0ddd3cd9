import { ByteQueue } from "../byte-queue.ts";
import { beginMessage } from "../encrypt.ts";
import { type OpenMessage, signMessage, writeMessage } from "../message/write-message.ts";
import { fileBatches, streamBatches } from "./batch-source.ts";
import {
  defaultFileFrameBytes,
  type EncryptFileOptions,
  type FileTarget,
  type TransferredFile,
} from "./file-options.ts";
import type { FileSource } from "./file-source.ts";
import { frameKeyOf, isWorthThreads, runFramePipeline, threadsOf } from "./frame-pipeline.ts";
import { type Transfer, transferFile } from "./transfer.ts";

/**
 * Encrypts a file or a stream into a file or a stream. A target file appears under its name when it is complete, with the
 * source's mode (0600 if that is a stream); whatever goes wrong, nothing half is left of it, and the source is untouched.
 *
 * @param source a path, or a stream of bytes
 * @param target a path, or a stream to write to
 * @throws EnvelopeError FileRefused, FileFailed, and as `encrypt`; the signal's reason
 */
export async function encryptFile(
  source: FileSource,
  target: FileTarget,
  options: EncryptFileOptions,
): Promise<TransferredFile> {
  const threads = threadsOf(options);
  const frameBytes = options.frameBytes ?? defaultFileFrameBytes;
  return transferFile(source, target, options, async (transfer) => {
    const message = await beginMessage({ ...options, frameBytes }, transfer.source?.byteLength);
    const queue = new ByteQueue(transfer.chunks());
    try {
      if (await isWorthThreads(transfer, frameBytes, queue)) {
        await sealInParallel(message, transfer, threads, queue);
      } else {
        for await (const piece of writeMessage(message, queue)) await transfer.write(piece);
      }
    } finally {
      await queue.close();
    }
    return { sourceBytes: transfer.bytesDone, targetBytes: transfer.bytesWritten };
  });
}

async function sealInParallel(
  message: OpenMessage,
  transfer: Transfer,
  threads: number,
  queue: ByteQueue,
): Promise<void> {
  const { header, messageKey, messageId, frameBytes, signer } = message;
  const { source } = transfer;
  await transfer.write(header);
  await runFramePipeline({
    direction: "seal",
    transfer,
    threads,
    frameKey: frameKeyOf(messageKey, { messageId, frameBytes, version: 2 }),
    batches: (shape) => (source ? fileBatches(0, source.byteLength, shape) : streamBatches(queue, shape)),
    footerBytes: 0,
    async finish({ position, output, result }) {
      signer?.update(output);
      await transfer.writeShared(output);
      transfer.advanceTo(position + result.inputBytes);
      return result.final;
    },
  });
  if (signer !== undefined) await transfer.write(await signMessage(signer));
}
