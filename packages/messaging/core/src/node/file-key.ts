import { readFile } from "node:fs/promises";
import { MessagingError } from "../errors.ts";
import { randomBytes } from "../platform.ts";
import type { VaultKeySource } from "../vault/vault-keys.ts";
import { unreadable } from "../vault/vault-log.ts";
import { checkPrivate, readIfThere, writeWhole } from "./whole-file.ts";

const keyBytes = 32;

/**
 * A vault's key in a file of mode 0600, made when the vault is: it protects from who has the vault without it, such as a backup
 * that leaves it out.
 */
export function fileKey(file: string): VaultKeySource {
  return {
    async create() {
      // One that is there is of a vault that was begun before, or of another: it is never replaced.
      if ((await readIfThere(file)) !== undefined) return { key: await readKey(file), stored: {} };
      const key = randomBytes(keyBytes);
      await writeWhole(file, key).catch((cause: NodeJS.ErrnoException) => {
        throw new MessagingError("InvalidInput", `The key file ${file} cannot be made: ${cause.code}.`, { cause });
      });
      return { key, stored: {} };
    },
    open: () => readKey(file),
  };
}

async function readKey(file: string): Promise<Uint8Array> {
  let key: Uint8Array;
  try {
    await checkPrivate(file, "chmod 600");
    key = await readFile(file);
  } catch (cause) {
    if (cause instanceof MessagingError) throw cause;
    throw new MessagingError("KeyUnavailable", `The vault's key file ${file} cannot be read; nothing was lost.`, {
      cause,
    });
  }
  if (key.length !== keyBytes) throw unreadable();
  return new Uint8Array(key);
}
