import { open, readFile } from "node:fs/promises";
import { MessagingError } from "../errors.ts";
import { randomBytes } from "../platform.ts";
import type { VaultKeySource } from "../vault/vault-keys.ts";
import { unreadable } from "../vault/vault-log.ts";

const keyBytes = 32;

/**
 * A vault's key in a file of mode 0600, made when the vault is: it protects from who has the vault without it, such as a backup
 * that leaves it out.
 */
export function fileKey(file: string): VaultKeySource {
  return {
    async create() {
      const key = randomBytes(keyBytes);
      const made = await open(file, "wx", 0o600).catch((cause: NodeJS.ErrnoException) => {
        throw new MessagingError("InvalidInput", `The key file ${file} cannot be made: ${cause.code}.`, { cause });
      });
      try {
        await made.writeFile(key);
        await made.sync();
      } finally {
        await made.close();
      }
      return { key, stored: {} };
    },
    async open() {
      let key: Uint8Array;
      try {
        key = await readFile(file);
      } catch (cause) {
        throw new MessagingError("KeyUnavailable", `The vault's key file ${file} cannot be read; nothing was lost.`, {
          cause,
        });
      }
      if (key.length !== keyBytes) throw unreadable();
      return new Uint8Array(key);
    },
  };
}
