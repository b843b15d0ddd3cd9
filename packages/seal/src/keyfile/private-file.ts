import { constants, type Stats } from "node:fs";
import { type FileHandle, link, lstat, mkdir, open, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { randomId } from "@coffer/crypto";
import { SealFileUnsafe } from "./errors.ts";

const fileMode = 0o600;
const directoryMode = 0o700;
const groupAndOthers = 0o077;

/**
 * Reads a small file that only this process's user may reach. It is opened without following a link and checked once
 * open, so that nothing can be put in its place in between.
 *
 * @param maxBytes more than that is not read
 * @throws SealFileUnsafe
 * @returns the content, which the caller wipes; an error of the file system (`ENOENT`) is thrown as it is
 */
export async function readPrivateFile(path: string, maxBytes: number): Promise<Buffer> {
  await checkDirectory(dirname(path));
  const file = await openWithoutFollowing(path);
  try {
    const stats = await file.stat();
    if (!stats.isFile())
      throw new SealFileUnsafe(path, `file ${path} is not a regular file`, "Put the key file there.");
    checkPrivate("file", path, stats, fileMode);
    const content = Buffer.alloc(maxBytes);
    const { bytesRead } = await file.read(content, 0, maxBytes, 0);
    return content.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Creates a file with its whole content or not at all, durably, and its directory when that is missing. A file that
 * is there stays as it is.
 *
 * @throws SealFileUnsafe for the directory
 * @returns whether the file was created; false when there was one
 */
export async function createPrivateFile(path: string, content: Uint8Array): Promise<boolean> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true, mode: directoryMode });
  await checkDirectory(directory);
  const draft = `${path}.${randomId()}.new`;
  const file = await open(draft, "wx", fileMode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  const created = await linkOnce(draft, path).finally(() => unlink(draft));
  await syncDirectory(directory);
  return created;
}

/** Gives a file a second name, unless the name is taken: a rename would replace what has it. */
async function linkOnce(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function openWithoutFollowing(path: string): Promise<FileHandle> {
  try {
    // Not blocking, so that a named pipe is opened, and then refused, at once.
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOOP") throw symbolicLink("file", path);
    throw error;
  }
}

async function checkDirectory(path: string): Promise<void> {
  const stats = await lstat(path);
  if (stats.isSymbolicLink()) throw symbolicLink("directory", path);
  checkPrivate("directory", path, stats, directoryMode);
}

function checkPrivate(kind: "file" | "directory", path: string, stats: Stats, wanted: number): void {
  const mode = stats.mode & 0o777;
  if ((mode & groupAndOthers) !== 0) {
    throw new SealFileUnsafe(
      path,
      `${kind} ${path} has mode ${octal(mode)}, so others than its owner can reach it`,
      `Run: chmod ${wanted.toString(8)} ${path}`,
    );
  }
  const user = process.geteuid?.();
  if (user !== undefined && stats.uid !== user && stats.uid !== 0) {
    throw new SealFileUnsafe(
      path,
      `${kind} ${path} belongs to user ${stats.uid}, who can read and replace it`,
      `Run: chown ${user} ${path}`,
    );
  }
}

function symbolicLink(kind: "file" | "directory", path: string): SealFileUnsafe {
  return new SealFileUnsafe(path, `${kind} ${path} is a symbolic link`, "Name what it points to instead.");
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
