import { constants, type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { type LogStorage, openLogVault, type VersionWitness } from "../vault/log-vault.ts";
import type { Vault } from "../vault/vault.ts";
import type { VaultKeySource, VaultOwner } from "../vault/vault-keys.ts";
import { unreadable } from "../vault/vault-log.ts";
import { type DirectoryLock, lockDirectory } from "./directory-lock.ts";
import { checkPrivate, readIfThere, renameDurably, writeWhole } from "./whole-file.ts";

/** How a directory is opened as a vault. */
export interface DirectoryVaultOptions {
  readonly owner: VaultOwner;
  readonly key: VaultKeySource;
  /** What remembers, elsewhere, how far the vault came; a relay does so by itself. */
  readonly witness?: VersionWitness | undefined;
}

const directoryMode = 0o700;
const fileMode = 0o600;
const logName = "vault.log";
const keyName = "vault.key";
// A vault is there when its key has its name. Until then it may be begun anew: nobody was told of anything in it.
const pendingKeyName = "vault.key.pending";

/**
 * A vault in a directory, of which one process has hold. What a transaction wrote is on the disk before it is told.
 *
 * @throws MessagingError VaultUnreadable, VaultRolledBack, KeyUnavailable; InvalidInput when another process has hold of it,
 *   or other users may read it
 */
export async function directoryVault(directory: string, options: DirectoryVaultOptions): Promise<Vault> {
  await mkdir(directory, { recursive: true, mode: directoryMode });
  await checkPrivate(directory, "chmod 700");
  const lock = lockDirectory(directory);
  try {
    const stored = await readIfThere(join(directory, keyName));
    return await (stored === undefined
      ? createVault(directory, lock, options)
      : openVault(directory, lock, stored, options));
  } catch (cause) {
    lock.release();
    throw cause;
  }
}

async function openVault(
  directory: string,
  lock: DirectoryLock,
  text: Uint8Array,
  { owner, key, witness }: DirectoryVaultOptions,
): Promise<Vault> {
  let stored: unknown;
  try {
    stored = JSON.parse(new TextDecoder().decode(text));
  } catch (cause) {
    throw unreadable(cause);
  }
  const log = await FileLog.open(directory, lock);
  if (log === undefined) throw unreadable();
  return openLogVault(log, await openKey(log, () => key.open(owner, stored)), witness);
}

async function createVault(
  directory: string,
  lock: DirectoryLock,
  { owner, key, witness }: DirectoryVaultOptions,
): Promise<Vault> {
  const pending = join(directory, pendingKeyName);
  const wasBegun = (await readIfThere(pending)) !== undefined;
  if (!wasBegun && (await readIfThere(join(directory, logName))) !== undefined) throw unreadable();
  const made = await key.create(owner);
  await writeWhole(pending, new TextEncoder().encode(JSON.stringify(made.stored)));
  await rm(join(directory, logName), { force: true });
  const vault = await openLogVault(new FileLog(directory, lock, undefined), made.key, witness);
  try {
    await renameDurably(pending, join(directory, keyName));
  } catch (cause) {
    await vault.close();
    throw cause;
  }
  return vault;
}

/** A key for a log, which is closed when there is none. */
async function openKey(log: LogStorage, open: () => Promise<Uint8Array>): Promise<Uint8Array> {
  try {
    return await open();
  } catch (cause) {
    await log.close();
    throw cause;
  }
}

/** The log as a file. */
class FileLog implements LogStorage {
  readonly #directory: string;
  readonly #lock: DirectoryLock;
  #file: FileHandle | undefined;

  constructor(directory: string, lock: DirectoryLock, file: FileHandle | undefined) {
    this.#directory = directory;
    this.#lock = lock;
    this.#file = file;
  }

  /** The log that is there; undefined when there is none. */
  static async open(directory: string, lock: DirectoryLock): Promise<FileLog | undefined> {
    try {
      return new FileLog(directory, lock, await open(join(directory, logName), constants.O_RDWR | constants.O_APPEND));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw cause;
    }
  }

  async load(): Promise<Uint8Array | undefined> {
    return this.#file && readIfThere(join(this.#directory, logName));
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
    const file = join(this.#directory, logName);
    await writeWhole(file, bytes);
    await this.#file?.close();
    this.#file = await open(file, "a", fileMode);
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    this.#lock.release();
  }
}
