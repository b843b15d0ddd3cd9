import { lstat, realpath } from "node:fs/promises";
import type { Writable } from "node:stream";
import { isBytes } from "../byte-queue.ts";
import { invalidInput } from "../errors.ts";
import { abortable } from "./abort.ts";
import { AtomicFile } from "./atomic-file.ts";
import { fileRefused, inFile, onFile } from "./file-errors.ts";
import type { FileOptions, FileTarget } from "./file-options.ts";
import { type FileSource, SourceFile } from "./file-source.ts";
import { breakStream, endStream, writeToStream } from "./stream-target.ts";

/** The mode of a file whose source has none: it may be plaintext. */
const defaultMode = 0o600;

/** A source and a target that are open, and how far they are. */
export class Transfer {
  readonly source: SourceFile | undefined;
  readonly target: AtomicFile | undefined;
  readonly options: FileOptions;
  readonly #chunks: AsyncIterable<Uint8Array>;
  readonly #stream: Writable | undefined;
  #bytesDone = 0;
  #bytesWritten = 0;

  constructor(source: SourceFile | AsyncIterable<Uint8Array>, target: AtomicFile | Writable, options: FileOptions) {
    this.source = source instanceof SourceFile ? source : undefined;
    this.#chunks = source instanceof SourceFile ? source.chunks() : source;
    this.target = target instanceof AtomicFile ? target : undefined;
    this.#stream = target instanceof AtomicFile ? undefined : target;
    this.options = options;
  }

  get bytesDone(): number {
    return this.#bytesDone;
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  /** The source's bytes, until the caller's signal ends them. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    for await (const chunk of abortable(this.#chunks, this.options.signal)) {
      yield chunk;
      if (isBytes(chunk)) this.advanceTo(this.#bytesDone + chunk.length);
    }
  }

  /** The source is dealt with up to here. */
  advanceTo(bytes: number): void {
    if (bytes <= this.#bytesDone) return;
    this.#bytesDone = bytes;
    this.options.onProgress?.({ bytesDone: bytes, bytesTotal: this.source?.byteLength });
  }

  /** Writes behind what was written before. @throws EnvelopeError FileFailed */
  async write(bytes: Uint8Array): Promise<void> {
    this.options.signal?.throwIfAborted();
    const { target } = this;
    if (target === undefined) await writeToStream(this.#stream!, bytes, this.options.signal);
    else {
      for (let offset = 0; offset < bytes.length; ) {
        const position = this.#bytesWritten + offset;
        const rest = bytes.subarray(offset);
        offset += (await onFile(target.path, () => target.handle.write(rest, 0, rest.length, position))).bytesWritten;
      }
    }
    this.#bytesWritten += bytes.length;
  }

  /** As `write`, of memory that is used again: a file has the bytes already, a stream may keep them. */
  async writeShared(bytes: Uint8Array): Promise<void> {
    if (this.target === undefined) await this.write(Buffer.from(bytes));
    else this.#bytesWritten += bytes.length;
  }
}

/**
 * Opens source and target, lets `run` carry the bytes over, and gives the target its name; or leaves nothing of it.
 *
 * @throws EnvelopeError FileRefused, FileFailed, and what `run` throws, with the source's name
 */
export async function transferFile<T>(
  source: FileSource,
  target: FileTarget,
  options: FileOptions,
  run: (transfer: Transfer) => Promise<T>,
): Promise<T> {
  checkEnds(source, target);
  options.signal?.throwIfAborted();
  const from = typeof source === "string" ? await SourceFile.open(source) : source;
  try {
    return await (typeof target === "string"
      ? toFile(from, target, options, run)
      : toStream(from, target, options, run));
  } catch (error) {
    throw inFile(error, typeof source === "string" ? source : undefined);
  } finally {
    if (from instanceof SourceFile) await from.close();
  }
}

function checkEnds(source: FileSource, target: FileTarget): void {
  if (typeof source !== "string" && !(Symbol.asyncIterator in Object(source))) {
    throw invalidInput("The source is neither a path nor a stream of bytes.");
  }
  if (typeof target !== "string" && typeof Object(target).write !== "function") {
    throw invalidInput("The target is neither a path nor a stream to write to.");
  }
}

type Opened = SourceFile | AsyncIterable<Uint8Array>;

async function toStream<T>(
  from: Opened,
  stream: Writable,
  options: FileOptions,
  run: (transfer: Transfer) => Promise<T>,
): Promise<T> {
  // Every write tells of the error as well.
  const ignore = () => undefined;
  stream.on("error", ignore);
  try {
    const result = await run(new Transfer(from, stream, options));
    if (from instanceof SourceFile) await from.checkUnchanged();
    await endStream(stream, options.signal);
    stream.off("error", ignore);
    return result;
  } catch (error) {
    breakStream(stream, error);
    throw error;
  }
}

async function toFile<T>(
  from: Opened,
  path: string,
  options: FileOptions,
  run: (transfer: Transfer) => Promise<T>,
): Promise<T> {
  const inPlace = from instanceof SourceFile && (await isSameFile(from, path));
  const file = await AtomicFile.create(path, options.overwrite ?? false);
  try {
    const result = await run(new Transfer(from, file, options));
    options.signal?.throwIfAborted();
    if (!(from instanceof SourceFile)) {
      await file.commit({ mode: defaultMode });
      return result;
    }
    await from.checkUnchanged();
    const { mode, uid, gid } = from.stat;
    const owner = inPlace ? { uid: Number(uid), gid: Number(gid) } : undefined;
    const times = options.keepTimes === true ? timesOf(from) : undefined;
    await file.commit({ mode: Number(mode), owner, times });
    return result;
  } catch (error) {
    await file.discard();
    throw error;
  }
}

function timesOf({ stat }: SourceFile): { readonly accessed: number; readonly changed: number } {
  return { accessed: Number(stat.atimeNs) / 1e9, changed: Number(stat.mtimeNs) / 1e9 };
}

/** Whether a file would replace itself. @throws EnvelopeError FileRefused when it would under another name of its */
async function isSameFile(from: SourceFile, path: string): Promise<boolean> {
  const there = await lstat(path, { bigint: true }).catch(() => undefined);
  if (there === undefined || there.ino !== from.stat.ino || there.dev !== from.stat.dev) return false;
  if ((await realpath(from.path)) === (await realpath(path))) return true;
  throw fileRefused(path, `it is the same file as ${from.path}, by another name; give one of them alone`);
}
