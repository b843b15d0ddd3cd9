import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, link, rename, unlink, utimes } from "node:fs/promises";
import type { FileOptions } from "@coffer/envelope/node";
import type { FileName } from "./file-names.ts";
import type { Progress } from "./progress.ts";
import type { DirectoryFile } from "./run-directory.ts";
import type { Transform } from "./transform-file.ts";

/** Files of this size and more get worker threads, one such file at a time. */
const largeFileBytes = 8 * 1024 * 1024;

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
    if (file.sourceStats.size < largeFileBytes) return run(file, overwrite, { threads: 0 });
    const mine = lastLarge.then(() => run(file, overwrite, {}));
    lastLarge = mine.catch(() => undefined);
    return mine;
  };

  async function run(file: DirectoryFile, overwrite: boolean, options: FileOptions): Promise<void> {
    let bytesDone = 0;
    const onProgress = (state: { readonly bytesDone: number }) => {
      progress.add(state.bytesDone - bytesDone);
      bytesDone = state.bytesDone;
    };
    try {
      await runNamed(file, { ...options, overwrite, signal, onProgress });
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
    const random = randomBytes(8).toString("hex");
    const whole = `${outputDirectory}/.coffer-00000000-${process.pid}-${random}.tmp`;
    try {
      await transform.run(createReadStream(source), whole, options);
      await chmod(whole, sourceStats.mode & 0o777);
      await utimes(whole, sourceStats.atimeMs / 1000, sourceStats.mtimeMs / 1000);
      await giveName(whole, target, options.overwrite === true);
    } finally {
      await unlink(whole).catch(() => undefined);
    }
  }
}

/** A second name never replaces what came in the meantime. */
async function giveName(whole: string, target: FileName, overwrite: boolean): Promise<void> {
  if (overwrite) await rename(whole, target);
  else await link(whole, target);
}
