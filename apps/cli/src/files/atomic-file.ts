import { type Stats, unlinkSync } from "node:fs";
import { type FileHandle, link, lstat, open, rename, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { bytesOf, type FileName, joinNames } from "./file-names.ts";
import { FileError } from "./file-problem.ts";

/** How a new file comes to be. */
export interface NewFileOptions {
  /** Whether a file that is there is replaced. */
  readonly replace: boolean;
  /** The file whose mode, times and, for the superuser, owner the new one gets. */
  readonly like: Stats | undefined;
}

/** Files that are being written, under their names of now: a signal takes them away. */
const partialFiles = new Set<FileName>();
let partialCount = 0;

/** The host in the name: who runs elsewhere, on the same file system, has other process ids. */
const partialPattern = /^\.coffer-([\w-]+)-(\d+)-\d+\.partial$/;
const thisHost = hostname().replace(/[^\w-]/g, "_").slice(0, 64);

/**
 * Writes a file that is there as a whole or not at all. What is written lies beside it under another name until it is
 * whole and on the disk.
 *
 * @throws FileError when the target is there and may not be replaced; then nothing was written
 */
export async function writeAtomically<Result>(
  target: FileName,
  { replace, like }: NewFileOptions,
  write: (file: FileHandle) => Promise<Result>,
): Promise<Result> {
  if (!replace && (await exists(target))) throw alreadyThere();
  const partial = joinNames(folderOf(target), `.coffer-${thisHost}-${process.pid}-${partialCount++}.partial`);
  partialFiles.add(partial);
  try {
    const result = await writePartial(partial, like, write);
    if (replace) await rename(partial, target);
    else await moveToNew(partial, target);
    return result;
  } catch (error) {
    await unlink(partial).catch(() => undefined);
    throw error;
  } finally {
    partialFiles.delete(partial);
  }
}

async function writePartial<Result>(
  partial: FileName,
  like: Stats | undefined,
  write: (file: FileHandle) => Promise<Result>,
): Promise<Result> {
  // Nobody else reads what is not whole; without a model the umask has the say.
  await using file = await open(partial, "wx", like === undefined ? 0o666 : 0o600);
  const result = await write(file);
  if (like !== undefined) await makeAlike(file, like);
  await file.sync();
  return result;
}

/** Mode (without setuid and the like), times and, where that is allowed, owner. */
async function makeAlike(file: FileHandle, like: Stats): Promise<void> {
  if (process.getuid?.() === 0) await file.chown(like.uid, like.gid);
  await file.chmod(like.mode & 0o777);
  await file.utimes(like.atimeMs / 1000, like.mtimeMs / 1000);
}

/** A rename would replace what came in the meantime; a second name does not. */
async function moveToNew(partial: FileName, target: FileName): Promise<void> {
  try {
    await link(partial, target);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw alreadyThere();
    // File systems without second names.
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(code)) throw error;
    if (await exists(target)) throw alreadyThere();
    await rename(partial, target);
    return;
  }
  await unlink(partial);
}

/** Whether there is anything of this name, a symbolic link that leads nowhere included. */
export async function exists(name: FileName): Promise<boolean> {
  try {
    await lstat(name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

function alreadyThere(): FileError {
  return new FileError("it is there already; --force replaces it.");
}

function folderOf(name: FileName): FileName {
  const bytes = bytesOf(name);
  const slash = bytes.lastIndexOf(0x2f);
  return slash < 0 ? "." : slash === 0 ? "/" : bytes.subarray(0, slash);
}

/** Takes away at once what is half written: the process is about to end. */
export function removePartialFiles(): void {
  for (const partial of partialFiles) {
    try {
      unlinkSync(partial);
    } catch {
      // It has its name by now, or is gone.
    }
  }
}

/** Whether a name is that of a file that is being written, by whomever. */
export function isPartialName(name: FileName): boolean {
  return partialPattern.test(bytesOf(name).toString("latin1"));
}

/** Whether a name is that of a file whose writer, on this machine, was killed: nobody will finish it. */
export function isAbandoned(name: FileName): boolean {
  const [, host, pid] = partialPattern.exec(bytesOf(name).toString("latin1")) ?? [];
  return host === thisHost && pid !== undefined && !isRunning(Number(pid));
}

function isRunning(pid: number): boolean {
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
