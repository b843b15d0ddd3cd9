import { MessagingError } from "../errors.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { runBuffered } from "./run-buffered.ts";
import type { Vault } from "./vault.ts";

/** A vault that ends with the process. */
export function memoryVault(): Vault {
  const records = new Map<string, Uint8Array>();
  const inTurn = oneAtATime();
  let version = 0;
  let isOpen = true;
  const kept = {
    get: async (key: string) => records.get(key),
    list: async (prefix: string) => [...records.keys()].filter((key) => key.startsWith(prefix)),
  };
  return {
    transact: (run) =>
      inTurn(async () => {
        if (!isOpen) throw new MessagingError("InvalidInput", "The vault was closed: open another.");
        const { result, changes } = await runBuffered(kept, run);
        for (const [key, value] of changes) {
          records.get(key)?.fill(0);
          if (value === undefined) records.delete(key);
          else records.set(key, value);
        }
        if (changes.size > 0) version++;
        return result;
      }),
    version: async () => version,
    close: () =>
      inTurn(async () => {
        isOpen = false;
        for (const value of records.values()) value.fill(0);
        records.clear();
      }),
  };
}
