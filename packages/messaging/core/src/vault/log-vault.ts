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

/**
 * Remembers, elsewhere than the vault, how far it came: who puts an older copy of the vault back is found out. Who can put the
 * witness back with it is not; nor are two copies that write at the same moment.
 */
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
  const found = bytes && VaultLog.read(key, bytes);
  // Before anything is changed: what is refused stays as it is.
  const highest = await highestOf(witness);
  const version = found?.version ?? 0;
  if (version < highest) throw rolledBack(version, highest);
  if (found === undefined) {
    const created = VaultLog.create(key);
    await storage.replace(created.bytes);
    return created.log;
  }
  if (found.wholeBytes < bytes!.length) await storage.truncate(found.wholeBytes);
  if (version > highest) await witness?.record(version);
  return found;
}

async function highestOf(witness: VersionWitness | undefined): Promise<number> {
  try {
    return (await witness?.highest()) ?? 0;
  } catch (cause) {
    throw witnessAway(cause);
  }
}

function witnessAway(cause: unknown): MessagingError {
  return new MessagingError(
    "VaultUnreadable",
    "What remembers the vault's version cannot be asked: make it reachable, and try again. Nothing was changed.",
    { cause },
  );
}

function rolledBack(version: number, highest: number): MessagingError {
  return new MessagingError(
    "VaultRolledBack",
    `The vault is at version ${version}, and was at ${highest} before: an older copy was put back. Set the device up anew.`,
  );
}

class LogVault implements Vault {
  readonly #storage: LogStorage;
  readonly #log: VaultLog;
  readonly #witness: VersionWitness | undefined;
  readonly #inTurn = oneAtATime();
  #isOpen = true;
  #isUsable = true;
  /** Whether the witness did not take the last version. */
  #isUnrecorded = false;

  constructor(storage: LogStorage, log: VaultLog, witness: VersionWitness | undefined) {
    this.#storage = storage;
    this.#log = log;
    this.#witness = witness;
  }

  transact: Vault["transact"] = (run) =>
    this.#inTurn(async () => {
      if (!this.#isOpen || !this.#isUsable) {
        throw new MessagingError("InvalidInput", "The vault was closed: open it again.");
      }
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
    await this.#askWitness();
    const { frame, commit } = this.#log.seal(changes);
    try {
      await this.#storage.append(frame);
    } catch (cause) {
      // Whether it is there is unknown: only reading the log again tells.
      this.#isUsable = false;
      throw new MessagingError("VaultUnreadable", "The vault cannot be written: free its disk, and open it again.", {
        cause,
      });
    }
    commit();
    for (const value of changes.values()) value?.fill(0);
    // From here on the transaction is kept, whatever fails: what does is told by the next one.
    await this.#record().catch(() => undefined);
    await this.#compact().catch(() => {
      this.#isUsable = false;
    });
  }

  /** Two copies of a vault that are open at once have the same witness: the one that is behind writes nothing more. */
  async #askWitness(): Promise<void> {
    if (this.#isUnrecorded) await this.#record().catch((cause: unknown) => Promise.reject(witnessAway(cause)));
    const highest = await highestOf(this.#witness);
    if (highest <= this.#log.version) return;
    this.#isUsable = false;
    throw rolledBack(this.#log.version, highest);
  }

  async #record(): Promise<void> {
    if (this.#witness === undefined) return;
    this.#isUnrecorded = true;
    await this.#witness.record(this.#log.version);
    this.#isUnrecorded = false;
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
