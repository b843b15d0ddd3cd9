import { constants, type Stats } from "node:fs";
import { type FileHandle, link, lstat, open, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileRefused, onFile, systemCodeOf } from "./file-errors.ts";
import { removeStaleTemporaries, temporaryName } from "./temporary-files.ts";

/** What a file becomes when it is complete. */
export interface FileOwnership {
  /** Permission bits. */
  readonly mode: number;
  /** Whose it shall be, when somebody else's file is replaced; not if the system forbids it. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** Seconds since 1970 of access and change; else those of the writing. */
  readonly times?: { readonly accessed: number; readonly changed: number } | undefined;
}

/** Codes of file systems without hard links. */
const noLinks: ReadonlySet<string | undefined> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

/**
 * A file that appears under its name when it is complete, and not before: until then it is a temporary file beside it,
 * which only its owner can read.
 */
export class AtomicFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly #temporary: string;
  readonly #overwrite: boolean;

  private constructor(path: string, temporary: string, handle: FileHandle, overwrite: boolean) {
    this.path = path;
    this.handle = handle;
    this.#temporary = temporary;
    this.#overwrite = overwrite;
  }

  /** @throws EnvelopeError FileRefused, FileFailed */
  static async create(path: string, overwrite: boolean): Promise<AtomicFile> {
    const there = await statTarget(path);
    if (there !== undefined && !overwrite) throw exists(path);
    const directory = dirname(path);
    await removeStaleTemporaries(directory);
    const temporary = join(directory, temporaryName());
    const flags = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | (constants.O_NOFOLLOW ?? 0);
    const handle = await onFile(path, () => open(temporary, flags, 0o600));
    return new AtomicFile(path, temporary, handle, overwrite);
  }

  /** Gives the file its name, durably. @throws EnvelopeError FileRefused, FileFailed; then `discard` is still to be called */
  async commit({ mode, owner, times }: FileOwnership): Promise<void> {
    await onFile(this.path, async () => {
      // Before the mode: a change of owner clears some of it.
      if (owner !== undefined) await this.handle.chown(owner.uid, owner.gid).catch(() => undefined);
      await this.handle.chmod(mode & 0o777);
      if (times !== undefined) await this.handle.utimes(times.accessed, times.changed);
      await this.handle.sync();
      await this.handle.close();
      if (this.#overwrite) await rename(this.#temporary, this.path);
      else await this.#linkNew();
      await syncDirectory(dirname(this.path));
    });
  }

  /** Nothing is left of it. */
  async discard(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    await unlink(this.#temporary).catch(() => undefined);
  }

  /** Unlike renaming, linking never replaces a file that came in the meantime. */
  async #linkNew(): Promise<void> {
    try {
      await link(this.#temporary, this.path);
    } catch (error) {
      const code = systemCodeOf(error);
      if (code === "EEXIST") throw exists(this.path);
      if (!noLinks.has(code)) throw error;
      if ((await statTarget(this.path)) !== undefined) throw exists(this.path);
      await rename(this.#temporary, this.path);
      return;
    }
    await unlink(this.#temporary);
  }
}

function exists(path: string): Error {
  return fileRefused(path, "it is there already; say overwrite to replace it", "EEXIST");
}

/** What is under a target's name. @throws EnvelopeError FileRefused when it is no plain file */
async function statTarget(path: string): Promise<Stats | undefined> {
  const stat = await onFile(path, () =>
    lstat(path).catch((error: unknown) => {
      if (systemCodeOf(error) === "ENOENT") return undefined;
      throw error;
    }),
  );
  if (stat?.isSymbolicLink()) throw fileRefused(path, "it is a symbolic link; name the file that it leads to");
  if (stat?.isDirectory()) throw fileRefused(path, "it is a directory; name a file in it", "EISDIR");
  if (stat !== undefined && !stat.isFile()) throw fileRefused(path, "it is no plain file; write to it as a stream");
  return stat;
}

/** So that the name survives a loss of power too. Not every system syncs directories. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r").catch(() => undefined);
  await directory?.sync().catch(() => undefined);
  await directory?.close();
}
