import { beginMessage } from "../encrypt.ts";
import { writeMessage } from "../message/write-message.ts";
import {
  defaultFileFrameBytes,
  type EncryptFileOptions,
  type FileTarget,
  type TransferredFile,
} from "./file-options.ts";
import type { FileSource } from "./file-source.ts";
import { transferFile } from "./transfer.ts";

/**
 * Encrypts a file or a stream into a file or a stream. A target file appears under its name when it is complete, with the
 * source's mode (0600 if that is a stream); whatever goes wrong, nothing half is left of it, and the source is untouched.
 *
 * @param source a path, or a stream of bytes
 * @param target a path, or a stream to write to
 * @throws EnvelopeError FileRefused, FileFailed, and as `encrypt`; the signal's reason
 */
export function encryptFile(
  source: FileSource,
  target: FileTarget,
  options: EncryptFileOptions,
): Promise<TransferredFile> {
  return transferFile(source, target, options, async (transfer) => {
    const message = await beginMessage(
      { ...options, frameBytes: options.frameBytes ?? defaultFileFrameBytes },
      transfer.source?.byteLength,
    );
    for await (const piece of writeMessage(message, transfer.chunks())) await transfer.write(piece);
    return { sourceBytes: transfer.bytesDone, targetBytes: transfer.bytesWritten };
  });
}
