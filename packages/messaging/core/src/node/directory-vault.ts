import { type FileHandle, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { MessagingError } from "../errors.ts";
import { type LogStorage, openLogVault, type VersionWitness } from "../vault/log-vault.ts";
import type { Vault } from "../vault/vault.ts";
import type { VaultKeySource, VaultOwner } from "../vault/vault-keys.ts";
import { unreadable } from "../vault/vault-log.ts";

/** How a directory is opened as a vault. */
export interface DirectoryVaultOptions {
  readonly owner: VaultOwner;
  readonly key: VaultKeySource;
  /** What remembers, elsewhere, how far the vault came; a relay does so by itself. */
  readonly witness?: VersionWitness | undefined;
}

const directoryMode = 0o700;
const fileMode = 0o600;

/**
 * A vault in a directory, of which one process has hold. What a transaction wrote is on the disk before it is told.
 *
 * @throws MessagingError VaultUnreadable, VaultRolledBack, KeyUnavailable; InvalidInput when another process has hold of it
 */
export async function directoryVault(directory: string, options: DirectoryVaultOptions): Promise<Vault> {
  await mkdir(directory, { recursive: true, mode: directoryMode });
  const lock = await takeLock(directory);
  try {
    const key = await openKey(directory, options);
    return await openLogVault(await FileLog.open(directory, lock), key, options.witness);
  } catch (cause) {
    await lock.release();
    throw cause;
  }
}

/** The key of a vault that is there, or of a new one. */
async function openKey(directory: string, { owner, key }: DirectoryVaultOptions): Promise<Uint8Array> {
  const file = join(directory, "vault.key");
  const text = await readIfThere(file);
  if (text !== undefined) {
    let stored: unknown;
    try {
      stored = JSON.parse(text.toString());
    } catch (cause) {
      throw unreadable(cause);
    }
    return key.open(owner, stored);
  }
  if ((await readIfThere(join(directory, logName))) !== undefined) throw unreadable();
  const made = await key.create(owner);
  await writeWhole(directory, "vault.key", Buffer.from(JSON.stringify(made.stored)));
  return made.key;
}

const logName = "vault.log";

/** The log as a file. */
class FileLog implements LogStorage {
  readonly #directory: string;
  readonly #lock: Lock;
  #file: FileHandle | undefined;

  private constructor(directory: string, lock: Lock, file: FileHandle | undefined) {
    this.#directory = directory;
    this.#lock = lock;
    this.#file = file;
  }

  static async open(directory: string, lock: Lock): Promise<FileLog> {
    const isThere = (await readIfThere(join(directory, logName))) !== undefined;
    return new FileLog(directory, lock, isThere ? await openLogFile(directory) : undefined);
  }

  load(): Promise<Uint8Array | undefined> {
    return readIfThere(join(this.#directory, logName));
  }

  async truncate(bytes: number): Promise<void> {
    await this.#file!.truncate(bytes);
    await this.#file!.datasync();
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.#file!.appendFile(bytes);
    await this.#file!.datasync();
  }

  async replace(bytes: Uint8Array): Promise<void> {
    await writeWhole(this.#directory, logName, bytes);
    await this.#file?.close();
    this.#file = await openLogFile(this.#directory);
  }

  async close(): Promise<void> {
    await this.#file?.close();
    await this.#lock.release();
  }
}

function openLogFile(directory: string): Promise<FileHandle> {
  return open(join(directory, logName), "a", fileMode);
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
}

/** Writes a file so that it is there as a whole or as it was, also after a power loss. */
async function writeWhole(directory: string, name: string, bytes: Uint8Array): Promise<void> {
  const made = join(directory, `${name}.new`);
  const file = await open(made, "w", fileMode);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(made, join(directory, name));
  const folder = await open(directory, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

interface Lock {
  release(): Promise<void>;
}

/** Files of processes that are gone are taken over; two that do so at once both try again to make the file, and one does. */
async function takeLock(directory: string): Promise<Lock> {
  const file = join(directory, "vault.lock");
  for (let tries = 0; tries < 3; tries++) {
    try {
      const made = await open(file, "wx", fileMode);
      await made.writeFile(String(process.pid));
      await made.close();
      let isHeld = true;
      return {
        async release() {
          if (isHeld) await rm(file, { force: true });
          isHeld = false;
        },
      };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
      const holder = Number((await readIfThere(file))?.toString() || "NaN");
      if (isRunning(holder)) break;
      await rm(file, { force: true });
    }
  }
  throw new MessagingError(
    "InvalidInput",
    `Another process uses the vault in ${directory}: close it, or name another.`,
  );
}

function isRunning(processId: number): boolean {
  // A file without a number is being written by who just made it.
  if (!Number.isSafeInteger(processId)) return true;
  try {
    process.kill(processId, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
}
