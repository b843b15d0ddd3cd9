import { createReadStream } from "node:fs";
import type { FileOptions } from "@coffer/envelope/node";
import type { Progress } from "./progress.ts";
import type { DirectoryFile } from "./run-directory.ts";
import { writeStaged } from "./staged-file.ts";
import type { Transform } from "./transform-file.ts";

/** Files of this size and more, which the library gives worker threads, come one at a time. */
const largeFileBytes = 16 * 1024 * 1024;

/** What the files of a directory have in common. */
export interface EntrySurroundings {
  /** Where files are put together whose names are no text. */
  readonly outputDirectory: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Transforms the files of a directory, each with its mode and time. */
export function entryTransformer(
  transform: Transform,
  { outputDirectory, progress, signal }: EntrySurroundings,
): (file: DirectoryFile, overwrite: boolean) => Promise<void> {
  let lastLarge: Promise<unknown> = Promise.resolve();
  return async (file, overwrite) => {
    if (file.sourceStats.size < largeFileBytes) return run(file, overwrite);
    const mine = lastLarge.then(() => run(file, overwrite));
    lastLarge = mine.catch(() => undefined);
    return mine;
  };

  async function run(file: DirectoryFile, overwrite: boolean): Promise<void> {
    let bytesDone = 0;
    const onProgress = (state: { readonly bytesDone: number }) => {
      progress.add(state.bytesDone - bytesDone);
      bytesDone = state.bytesDone;
    };
    try {
      await runNamed(file, { overwrite, signal, onProgress });
    } catch (error) {
      progress.add(-bytesDone);
      throw error;
    }
  }

  async function runNamed(file: DirectoryFile, options: FileOptions): Promise<void> {
    const { source, sourceStats, target } = file;
    if (typeof source === "string" && typeof target === "string") {
      await transform.run(source, target, { ...options, keepTimes: true });
      return;
    }
    const overwrite = options.overwrite === true;
    const staged = { folder: outputDirectory, target, like: sourceStats, keepTimes: true, overwrite };
    await writeStaged(staged, (path) => transform.run(createReadStream(source), path, options));
  }
}
