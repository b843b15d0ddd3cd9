import type { Stats } from "node:fs";
import { chmod, lstat, mkdir, realpath, utimes } from "node:fs/promises";
import { type FileName, joinNames, showName } from "./file-names.ts";
import { describeProblem, FileError, isExpected } from "./file-problem.ts";
import type { Progress } from "./progress.ts";
import { type WalkEntry, walkDirectory } from "./walk-directory.ts";

/** One file of a directory. */
export interface DirectoryFile {
  readonly source: FileName;
  readonly sourceStats: Stats;
  readonly target: FileName;
}

/** What is done with a directory, but for the directory. */
export interface DirectoryRun {
  readonly input: string;
  readonly output: string;
  /** The target's path below OUT. @throws FileError */
  nameTarget(relative: FileName, source: FileName): Promise<FileName>;
  /** Whether the target is what this run would make: it is not made again then. */
  isDone(file: DirectoryFile, targetStats: Stats): Promise<boolean>;
  /** Makes one target. @throws what fails the file, and not the run */
  transform(file: DirectoryFile, replace: boolean): Promise<void>;
  /** `all` replaces whatever is there; `changed` what was made of a source that is another now; `none` nothing. */
  readonly replace: "all" | "changed" | "none";
  /** Files at once. */
  readonly concurrency: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Told of each failure as it happens. */
  onFailure(failure: RunFailure): void;
}

/** A file that was not done. */
export interface RunFailure {
  readonly file: string;
  readonly problem: string;
}

/** How a run went. */
export interface RunSummary {
  readonly done: number;
  /** Bytes of the sources that were done. */
  readonly bytes: number;
  /** Done by a run before this one. */
  readonly skipped: number;
  readonly failed: readonly RunFailure[];
  /** Symbolic links, sockets, pipes and devices, which are neither followed nor read. */
  readonly leftOut: readonly string[];
}

/**
 * Transforms all files below a directory into another. What fails is named, and the others go on.
 *
 * @throws FileError when it cannot begin; the signal's reason
 */
export async function runDirectory(run: DirectoryRun): Promise<RunSummary> {
  const state = new RunState(run);
  await state.begin();
  const files = state.files();
  await Promise.all(Array.from({ length: run.concurrency }, () => state.work(files)));
  run.signal.throwIfAborted();
  await state.finishDirectories();
  return state.summary();
}

interface MadeDirectory {
  readonly target: FileName;
  readonly stats: Stats;
}

class RunState {
  readonly #run: DirectoryRun;
  readonly #directories: MadeDirectory[] = [];
  readonly #failed: RunFailure[] = [];
  readonly #leftOut: string[] = [];
  #outputPath: string | undefined;
  #done = 0;
  #skipped = 0;
  #bytes = 0;

  constructor(run: DirectoryRun) {
    this.#run = run;
  }

  async begin(): Promise<void> {
    const { input, output } = this.#run;
    const inputStats = await lstat(await realpath(input));
    // The one that the command names may be a link; those below may not.
    const there = await realpath(output).catch(() => undefined);
    if (there === (await realpath(input)))
      throw new FileError("it cannot become itself; name another directory with -o.");
    this.#directories.push({ target: output, stats: await makeDirectory(there ?? output, inputStats) });
    this.#outputPath = await realpath(output);
  }

  /** The files to do. Their directories are there when they come. */
  async *files(): AsyncGenerator<WalkEntry> {
    const enter = async (directory: WalkEntry) => {
      if ((await realpath(directory.path)) === this.#outputPath) return false;
      return this.#attempt(directory.relative, async () => {
        const target = joinNames(this.#run.output, directory.relative);
        this.#directories.push({ target, stats: await makeDirectory(target, await lstat(directory.path)) });
      });
    };
    for await (const entry of walkDirectory(this.#run.input, enter)) {
      if (this.#run.signal.aborted) return;
      if (entry.kind === "unreadable") this.#fail(entry.relative, entry.error);
      else if (entry.kind === "file") yield entry;
      else this.#leftOut.push(showName(entry.relative));
    }
  }

  async work(files: AsyncGenerator<WalkEntry>): Promise<void> {
    for await (const entry of sharing(files)) {
      if (this.#run.signal.aborted) return;
      await this.#attempt(entry.relative, () => this.#doFile(entry));
    }
  }

  async #doFile({ relative, path }: WalkEntry): Promise<void> {
    const { output, replace, progress } = this.#run;
    const sourceStats = await lstat(path);
    const target = joinNames(output, await this.#run.nameTarget(relative, path));
    const file: DirectoryFile = { source: path, sourceStats, target };
    const targetStats = await lstatIfThere(target);
    if (targetStats !== undefined && replace !== "all") {
      if (targetStats.isFile() && (await this.#run.isDone(file, targetStats))) {
        this.#skipped++;
        progress.add(sourceStats.size);
        return;
      }
      if (replace === "none") {
        throw new FileError(
          `${showName(target)} is there already and is not made of it as it is now; --update replaces such files.`,
        );
      }
    }
    await this.#run.transform(file, targetStats !== undefined);
    this.#done++;
    this.#bytes += sourceStats.size;
    progress.label = `${this.#done} files`;
  }

  /** Modes and times at the end: a directory that nobody may write to could not be filled, and filling changes its time. */
  async finishDirectories(): Promise<void> {
    for (const { target, stats } of this.#directories.reverse()) {
      await this.#attempt(target, async () => {
        await utimes(target, stats.atimeMs / 1000, stats.mtimeMs / 1000);
        await chmod(target, stats.mode & 0o777);
      });
    }
  }

  summary(): RunSummary {
    const { done, bytes, skipped, failed, leftOut } = {
      done: this.#done,
      bytes: this.#bytes,
      skipped: this.#skipped,
      failed: this.#failed,
      leftOut: this.#leftOut,
    };
    return { done, bytes, skipped, failed, leftOut };
  }

  /** @returns whether it went well */
  async #attempt(name: FileName, act: () => Promise<void>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      if (!this.#run.signal.aborted) this.#fail(name, error);
      return false;
    }
  }

  #fail(name: FileName, error: unknown): void {
    if (!isExpected(error)) throw error;
    const failure = { file: showName(name), problem: describeProblem(error) };
    this.#failed.push(failure);
    this.#run.onFailure(failure);
  }
}

/** Lets several loops take from one generator; one that ends does not end it for the others. */
function sharing<T>(items: AsyncGenerator<T>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => ({ next: () => items.next() }) };
}

/** Makes a directory that can be filled, unless it is there. @returns `stats`, which it gets in the end */
async function makeDirectory(path: FileName, stats: Stats): Promise<Stats> {
  try {
    await mkdir(path, 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const there = await lstat(path);
    if (!there.isDirectory()) throw new FileError(`${showName(path)} is there already and is no directory.`);
    if ((there.mode & 0o700) !== 0o700) await chmod(path, (there.mode & 0o777) | 0o700);
  }
  return stats;
}

async function lstatIfThere(path: FileName): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Whether two files were changed at the same time, as far as file systems can keep it: some know whole seconds only. */
export function sameTime(source: Stats, target: Stats): boolean {
  const wholeSeconds = target.mtimeMs % 1000 === 0;
  return wholeSeconds
    ? Math.floor(source.mtimeMs / 1000) === target.mtimeMs / 1000
    : Math.abs(source.mtimeMs - target.mtimeMs) < 0.01;
}
