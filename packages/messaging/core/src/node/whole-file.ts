import { open, readFile, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { MessagingError } from "../errors.ts";

const fileMode = 0o600;
const othersMode = 0o077;

/** A file's bytes; undefined when there is none. */
export async function readIfThere(file: string): Promise<Uint8Array | undefined> {
  try {
    const { buffer, byteOffset, length } = await readFile(file);
    return new Uint8Array(buffer, byteOffset, length);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
}

/** Writes a file that its owner alone can read, so that it is there as a whole or as it was, also after a power loss. */
export async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  const made = await open(`${file}.new`, "w", fileMode);
  try {
    await made.writeFile(bytes);
    await made.sync();
  } finally {
    await made.close();
  }
  await renameDurably(`${file}.new`, file);
}

/** Renames within a directory, and waits until that is durable. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  // Windows opens no directories, and keeps names by itself.
  if (process.platform === "win32") return;
  const folder = await open(dirname(to), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Refuses what other users of the machine may read or write.
 *
 * @throws MessagingError InvalidInput
 */
export async function checkPrivate(path: string, command: string): Promise<void> {
  if (process.platform === "win32") return;
  const { mode } = await stat(path);
  if ((mode & othersMode) === 0) return;
  throw new MessagingError("InvalidInput", `Other users of this machine may use ${path}: run ${command} on it.`);
}
