import { randomBytes } from "node:crypto";
import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { OperatorError } from "@coffer/server/config";

/** How a file is written. */
export interface ReplaceOptions {
  /** Whether a file that is there may go. Its mode stays. */
  readonly overwrite: boolean;
  /** Of a new file. Default 0600. */
  readonly mode?: number;
}

/**
 * Writes a file that is there whole or not at all.
 *
 * @throws OperatorError
 */
export function replaceFile(path: string, bytes: Uint8Array, { overwrite, mode = 0o600 }: ReplaceOptions): void {
  const before = statSync(path, { throwIfNoEntry: false });
  if (before !== undefined && !overwrite) throw new OperatorError(`${path} is there already; --force overwrites it.`);
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const file = openSync(temporary, "wx", 0o600);
    try {
      writeFileSync(file, bytes);
      fchmodSync(file, before === undefined ? mode : before.mode & 0o777);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new OperatorError(`cannot write ${path}: ${(error as NodeJS.ErrnoException).code}.`);
  }
}
