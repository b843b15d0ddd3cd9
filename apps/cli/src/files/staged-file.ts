import type { Stats } from "node:fs";
import { chmod, chown, link, rename, unlink, utimes } from "node:fs/promises";
import { temporaryName } from "@coffer/envelope/node";
import type { FileName } from "./file-names.ts";

/** What a staged file becomes. */
export interface StagedFile {
  /** Where it is put together: a directory on the target's file system, whose name is a text. */
  readonly folder: string;
  readonly target: FileName;
  /** Whose mode and owner it gets, and whose times if they are kept. */
  readonly like: Stats;
  readonly keepTimes: boolean;
  readonly overwrite: boolean;
}

/**
 * Makes a file under another name first, and gives it mode, times and its own name at the end: for what the library alone
 * does not do, as it takes names that are texts and keeps the mode of files alone.
 *
 * @param write makes the file; it is complete when the promise resolves
 */
export async function writeStaged<Result>(
  { folder, target, like, keepTimes, overwrite }: StagedFile,
  write: (path: string) => Promise<Result>,
): Promise<Result> {
  const path = `${folder}/${temporaryName()}`;
  try {
    const result = await write(path);
    if (process.getuid?.() === 0) await chown(path, like.uid, like.gid);
    await chmod(path, like.mode & 0o777);
    if (keepTimes) await utimes(path, like.atimeMs / 1000, like.mtimeMs / 1000);
    // A second name never replaces what came in the meantime.
    if (overwrite) await rename(path, target);
    else await link(path, target);
    return result;
  } finally {
    await unlink(path).catch(() => undefined);
  }
}
