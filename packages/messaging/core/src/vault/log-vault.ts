import { MessagingError } from "../errors.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { runBuffered } from "./run-buffered.ts";
import type { Vault } from "./vault.ts";
import { VaultLog } from "./vault-log.ts";

/** Where a vault's log is kept: one writer at a time. */
export interface LogStorage {
  /** All bytes; undefined when there is no log yet. */
  load(): Promise<Uint8Array | undefined>;
  /** Cuts what follows `bytes`: the rest of a write that never ended. */
  truncate(bytes: number): Promise<void>;
  /** Adds to the end, and waits until it is durable. */
  append(bytes: Uint8Array): Promise<void>;
  /** Puts another log in its place as a whole, and waits until it is durable. */
  replace(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Remembers, elsewhere than the vault, how far it came: who puts an older copy of the vault back is found out. */
export interface VersionWitness {
  highest(): Promise<number>;
  record(version: number): Promise<void>;
}

// A log that is mostly past is written anew: seldom enough that it costs little, often enough that it stays small.
const compactFactor = 4;
const compactFromBytes = 1024 * 1024;

/**
 * Opens a vault over a log.
 *
 * @param key 32 bytes, the vault's from now on: closing fills it with zeros
 * @throws MessagingError VaultUnreadable, VaultRolledBack; the storage is closed then
 */
export async function openLogVault(storage: LogStorage, key: Uint8Array, witness?: VersionWitness): Promise<Vault> {
  try {
    return new LogVault(storage, await openLog(storage, key, witness), witness);
  } catch (cause) {
    key.fill(0);
    await storage.close();
    throw cause;
  }
}

async function openLog(storage: LogStorage, key: Uint8Array, witness?: VersionWitness): Promise<VaultLog> {
  const bytes = await storage.load();
  let log: VaultLog;
  if (bytes === undefined) {
    log = VaultLog.create(key);
    await storage.replace(log.header);
  } else {
    log = VaultLog.read(key, bytes);
    if (log.wholeBytes < bytes.length) await storage.truncate(log.wholeBytes);
  }
  const highest = (await witness?.highest()) ?? 0;
  if (log.version < highest) {
    throw new MessagingError(
      "VaultRolledBack",
      `The vault is at version ${log.version}, and was at ${highest} before: an older copy was put back. Set the device up anew.`,
    );
  }
  return log;
}

class LogVault implements Vault {
  readonly #storage: LogStorage;
  readonly #log: VaultLog;
  readonly #witness: VersionWitness | undefined;
  readonly #inTurn = oneAtATime();
  #isOpen = true;

  constructor(storage: LogStorage, log: VaultLog, witness: VersionWitness | undefined) {
    this.#storage = storage;
    this.#log = log;
    this.#witness = witness;
  }

  transact: Vault["transact"] = (run) =>
    this.#inTurn(async () => {
      if (!this.#isOpen) throw new MessagingError("InvalidInput", "The vault was closed: open it again.");
      const { records } = this.#log;
      const kept = {
        get: async (name: string) => records.get(name),
        list: async (prefix: string) => [...records.keys()].filter((name) => name.startsWith(prefix)),
      };
      const { result, changes } = await runBuffered(kept, run);
      if (changes.size > 0) await this.#keep(changes);
      return result;
    });

  async #keep(changes: ReadonlyMap<string, Uint8Array | undefined>): Promise<void> {
    const { frame, commit } = this.#log.seal(changes);
    try {
      await this.#storage.append(frame);
    } catch (cause) {
      // Whether it is there is unknown: only reading the log again tells.
      this.#isOpen = false;
      throw new MessagingError("VaultUnreadable", "The vault cannot be written: free its disk, and open it again.", {
        cause,
      });
    }
    commit();
    for (const value of changes.values()) value?.fill(0);
    await this.#witness?.record(this.#log.version);
    await this.#compact();
  }

  async #compact(): Promise<void> {
    const { wholeBytes, liveBytes } = this.#log;
    if (wholeBytes < compactFromBytes || wholeBytes < compactFactor * liveBytes) return;
    const { bytes, commit } = this.#log.compacted();
    await this.#storage.replace(bytes);
    commit();
  }

  version(): Promise<number> {
    return this.#inTurn(async () => this.#log.version);
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#isOpen) return;
      this.#isOpen = false;
      this.#log.wipe();
      await this.#storage.close();
    });
  }
}
