import { open, readFile, rename } from "node:fs/promises";
import type { VersionWitness } from "../vault/log-vault.ts";

/**
 * Remembers a vault's version in a file, for devices without a relay. It finds out who puts back the vault alone: keep the file
 * on another disk, that is not restored with it.
 */
export function fileWitness(file: string): VersionWitness {
  return {
    async highest() {
      try {
        const version = Number(await readFile(file, "utf8"));
        return Number.isSafeInteger(version) ? version : Number.MAX_SAFE_INTEGER;
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === "ENOENT") return 0;
        throw cause;
      }
    },
    async record(version) {
      const made = await open(`${file}.new`, "w", 0o600);
      try {
        await made.writeFile(String(version));
        await made.datasync();
      } finally {
        await made.close();
      }
      await rename(`${file}.new`, file);
    },
  };
}
