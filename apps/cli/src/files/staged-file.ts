import { constants, type Stats } from "node:fs";
import { link, lstat, open, rename, unlink } from "node:fs/promises";
import { temporaryName } from "@coffer/envelope/node";
import type { FileName } from "./file-names.ts";
import { FileError } from "./file-problem.ts";

/** What a staged file becomes. */
export interface StagedFile {
  /** Where it is put together: a directory on the target's file system, whose name is a text. */
  readonly folder: string;
  readonly target: FileName;
  /** Whose mode and owner it gets, and whose times if they are kept; of none: the mode that it was made with. */
  readonly like: Stats | undefined;
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
    if (like !== undefined) await makeAlike(path, like, keepTimes);
    // A second name never replaces what came in the meantime.
    if (overwrite) await rename(path, target);
    else await link(path, target);
    return result;
  } finally {
    await unlink(path).catch(() => undefined);
  }
}

/**
 * Through the open file: whoever may write into the folder could put a link under the name, to a file that this user's right
 * to change owners and modes would then give away.
 */
async function makeAlike(path: string, like: Stats, keepTimes: boolean): Promise<void> {
  await using file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  const { uid, nlink } = await file.stat();
  const me = process.geteuid?.();
  if (nlink !== 1 || (me !== undefined && uid !== me))
    throw new FileError("somebody else replaced its temporary file.");
  if (me === 0) await file.chown(like.uid, like.gid);
  await file.chmod(like.mode & 0o777);
  if (keepTimes) await file.utimes(like.atimeMs / 1000, like.mtimeMs / 1000);
}

/** Whether there is anything of this name, a link that leads nowhere included. */
export async function exists(name: FileName): Promise<boolean> {
  try {
    await lstat(name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
