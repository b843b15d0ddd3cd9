import type { StateTransaction } from "./vault.ts";

/** What a transaction changed: bytes to keep, or undefined for what is deleted. */
export type Changes = ReadonlyMap<string, Uint8Array | undefined>;

/** Records as they are kept, for reading. */
export interface KeptRecords {
  get(key: string): Promise<Uint8Array | undefined>;
  list(prefix: string): Promise<string[]>;
}

/** Runs a transaction over kept records, and returns what it changed besides its result. */
export async function runBuffered<T>(
  kept: KeptRecords,
  run: (state: StateTransaction) => Promise<T>,
): Promise<{ readonly result: T; readonly changes: Changes }> {
  const changes = new Map<string, Uint8Array | undefined>();
  const result = await run({
    async get(key) {
      return copyOf(changes.has(key) ? changes.get(key) : await kept.get(key));
    },
    put: (key, value) => void changes.set(key, copyOf(value)),
    delete: (key) => void changes.set(key, undefined),
    async list(prefix) {
      const keys = new Set(await kept.list(prefix));
      for (const [key, value] of changes) {
        if (!key.startsWith(prefix)) continue;
        if (value === undefined) keys.delete(key);
        else keys.add(key);
      }
      return [...keys].sort();
    },
  });
  return { result, changes };
}

/** Not `slice`: that of Node's Buffer is no copy, and what a vault keeps is wiped. */
function copyOf<T extends Uint8Array | undefined>(value: T): T | Uint8Array {
  return value === undefined ? value : new Uint8Array(value);
}
