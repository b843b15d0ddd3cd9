import { constants, writeSync } from "node:fs";
import { type FileHandle, open, rename, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { isMissing } from "./audit-errors.ts";

/** What tells one file from another, and whether it is still in its directory. */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
  /** Names that the file has; 0 once it was deleted. */
  readonly links: number;
  readonly bytes: number;
}

/** An open file to append to. Tests inject one that fails as disks do. */
export interface AuditFile {
  /** Appends all of `bytes`; when it throws, any part of them may be in the file. */
  append(bytes: Uint8Array): Promise<void>;
  /**
   * Appends all of `bytes` to the system's page cache before it returns; it throws as `append` rejects. The system may
   * make the caller wait when it has too much to write out.
   */
  appendNow(bytes: Uint8Array): void;
  /** Reads at `position`; returns the bytes read, 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Makes what was appended survive power loss. */
  sync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  stat(): Promise<FileIdentity>;
  close(): Promise<void>;
}

/** The file system as the audit log's writer uses it. Errors carry `code` as Node's do. */
export interface AuditDisk {
  /** `create` makes a new file with mode 0600 and refuses one that exists; `existing` refuses one that does not. */
  open(path: string, how: "create" | "existing"): Promise<AuditFile>;
  /** undefined when nothing is at `path`. */
  stat(path: string): Promise<FileIdentity | undefined>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; does nothing when there is none. */
  remove(path: string): Promise<void>;
  /** Makes created and renamed names survive power loss. */
  syncDirectory(path: string): Promise<void>;
  /** Bytes that may still be written to the file system of `path`. */
  freeBytes(path: string): Promise<number>;
}

class NodeAuditFile implements AuditFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      done += (await this.#handle.write(bytes, done, bytes.length - done, null)).bytesWritten;
    }
  }

  appendNow(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(this.#handle.fd, bytes, done, bytes.length - done, null);
    }
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    return (await this.#handle.read(into, 0, into.length, position)).bytesRead;
  }

  async sync(): Promise<void> {
    await this.#handle.datasync();
  }

  async truncate(bytes: number): Promise<void> {
    await this.#handle.truncate(bytes);
  }

  async stat(): Promise<FileIdentity> {
    return identityOf(await this.#handle.stat());
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

function identityOf(stats: { dev: number; ino: number; nlink: number; size: number }): FileIdentity {
  return { device: stats.dev, inode: stats.ino, links: stats.nlink, bytes: stats.size };
}

// O_APPEND: whatever else goes wrong, a record that is there is never overwritten.
const appending = constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW;

/** The machine's own file system. */
export const nodeAuditDisk: AuditDisk = {
  async open(path, how) {
    const flags = how === "create" ? appending | constants.O_CREAT | constants.O_EXCL : appending;
    return new NodeAuditFile(await open(path, flags, 0o600));
  },
  async stat(path) {
    try {
      return identityOf(await stat(path));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  rename,
  async remove(path) {
    await rm(path, { force: true });
  },
  async syncDirectory(path) {
    const handle = await open(path, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async freeBytes(path) {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  },
};

const roomBytes = 64 * 1024;

/** Finds out whether the disk takes writes, by writing 64 KiB to a file of its own; throws what the disk answers. */
export async function probeRoom(disk: AuditDisk, directory: string): Promise<void> {
  const path = join(directory, "audit.probe");
  await disk.remove(path);
  try {
    const file = await disk.open(path, "create");
    try {
      await file.append(Buffer.alloc(roomBytes));
      await file.sync();
    } finally {
      await file.close();
    }
  } finally {
    await disk.remove(path);
  }
}
