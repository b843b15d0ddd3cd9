import type { VersionWitness } from "../vault/log-vault.ts";
import { readIfThere, writeWhole } from "./whole-file.ts";

const versionPattern = /^\d{1,15}$/;

/**
 * Remembers a vault's version in a file, for devices without a relay. It finds out who puts back the vault alone: keep the file
 * on another disk, that is not restored with it.
 */
export function fileWitness(file: string): VersionWitness {
  return {
    async highest() {
      const bytes = await readIfThere(file);
      if (bytes === undefined) return 0;
      const text = new TextDecoder().decode(bytes);
      // What is damaged says nothing, so that nothing is new enough.
      return versionPattern.test(text) ? Number(text) : Number.MAX_SAFE_INTEGER;
    },
    record: (version) => writeWhole(file, new TextEncoder().encode(String(version))),
  };
}
