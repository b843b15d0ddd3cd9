import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { FileOptions, FileSource, FileTarget, TransferredFile } from "@coffer/envelope/node";
import { OperatorError } from "@coffer/server/config";
import { standardStream } from "./file-names.ts";
import { fileProblem, isExpected } from "./file-problem.ts";
import type { Progress } from "./progress.ts";

/** Encryption or decryption of one file or stream, with everything but its ends decided. */
export interface Transform {
  /** Such as `encrypted`. */
  readonly done: string;
  /** @throws EnvelopeError, FileError */
  run(source: FileSource, target: FileTarget, options: FileOptions): Promise<TransferredFile>;
}

/** What a transform of one file or stream is told. */
export interface OneFile {
  /** A path, or `-`. */
  readonly input: string;
  readonly output: string;
  readonly overwrite: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Transforms a file or stream.
 *
 * @throws OperatorError, one line that names the file
 */
export async function transformFile(transform: Transform, file: OneFile): Promise<TransferredFile> {
  const { input, output, overwrite, progress, signal } = file;
  try {
    const source = await openSource(input, progress);
    const target = await openTarget(output);
    const onProgress = followProgress(progress);
    return await transform.run(source, target, { overwrite, signal, onProgress });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw describeFailure(file, error);
  } finally {
    progress.end();
  }
}

/** Carries what the library tells of one file over to a line. */
export function followProgress(progress: Progress): (state: { readonly bytesDone: number }) => void {
  let before = 0;
  return ({ bytesDone }) => {
    progress.add(bytesDone - before);
    before = bytesDone;
  };
}

async function openSource(input: string, progress: Progress): Promise<FileSource> {
  if (input === standardStream) return process.stdin;
  const stats = await stat(input);
  if (!stats.isFile()) return createReadStream(input);
  progress.totalBytes = stats.size;
  return input;
}

/** A device or pipe is written to as it is; to replace `/dev/null` by a file would be a disaster. */
async function openTarget(output: string): Promise<FileTarget> {
  if (output === standardStream) return process.stdout;
  const stats = await stat(output).catch(() => undefined);
  return stats === undefined || stats.isFile() || stats.isDirectory() ? output : createWriteStream(output);
}

function describeFailure({ input, output }: OneFile, error: unknown): OperatorError {
  const problem = fileProblem(input === standardStream ? "standard input" : input, error);
  if (output !== standardStream || !isExpected(error)) return problem;
  const rest = "what was written before that is not the whole, throw it away";
  return new OperatorError(`${problem.message.replace(/\.$/, "")}; ${rest}.`, problem.exitCode, { cause: error });
}
