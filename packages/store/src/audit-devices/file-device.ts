import { constants, mkdirSync, realpathSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { AuditDeviceError, type AuditDeviceSink } from "@coffer/service";
import { LineQueue } from "./line-queue.ts";

const defaultMode = 0o600;
const executableBits = 0o111;
const directoryMode = 0o700;

/** Where files of audit devices may be. */
export interface FileDevicePlace {
  /** The only directory, subdirectories included, that files are made in. */
  readonly directory: string;
}

/**
 * A file that lines are appended to (Vault API: audit device `file`). Unlike in the original, its path lies in the
 * directory that the server's operator chose, it is no link, and it is never executable: whoever may enable audit devices
 * must not write anywhere else (CVE-2025-6000).
 *
 * @throws AuditDeviceError
 */
export function openFileDevice(place: FileDevicePlace, options: Readonly<Record<string, string>>): AuditDeviceSink {
  const given = options["file_path"] ?? options["path"] ?? "";
  if (given === "") throw new AuditDeviceError("file_path is required");
  if (given === "stdout") return textDevice((text) => writeTo(process.stdout, text));
  if (given === "discard") return textDevice(async () => {});
  const mode = parseMode(options["mode"]);
  const path = checkPath(place.directory, given);
  let handle: FileHandle | undefined;
  let reopening = false;
  const queue = new LineQueue(async (text) => {
    if (reopening) {
      reopening = false;
      const old = handle;
      handle = undefined;
      await old?.close();
    }
    handle ??= await openPrivate(path, mode);
    try {
      await handle.appendFile(text);
    } catch (error) {
      throw failure(error);
    }
  });
  return {
    write: (line) => queue.write(line),
    reopen() {
      reopening = true;
    },
    async close() {
      await queue.drain();
      await handle?.close().catch(() => {});
      handle = undefined;
    },
  };
}

function textDevice(writeAll: (text: string) => Promise<void>): AuditDeviceSink {
  const queue = new LineQueue(writeAll);
  return { write: (line) => queue.write(line), reopen: () => {}, close: () => queue.drain() };
}

function writeTo(stream: NodeJS.WritableStream, text: string): Promise<void> {
  return new Promise((done, failed) => {
    stream.write(text, (error) => (error ? failed(failure(error)) : done()));
  });
}

function parseMode(text: string | undefined): number {
  if (text === undefined || text === "") return defaultMode;
  const mode = /^[0-7]{1,4}$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
  if (Number.isNaN(mode) || mode > 0o777) throw new AuditDeviceError(`unable to parse mode ${JSON.stringify(text)}`);
  if (mode === 0) return defaultMode;
  if ((mode & executableBits) !== 0) throw new AuditDeviceError("an audit file must not be executable");
  return mode;
}

function checkPath(directory: string, given: string): string {
  mkdirSync(directory, { recursive: true, mode: directoryMode });
  const root = realpathSync(directory);
  const path = isAbsolute(given) ? resolve(given) : resolve(root, given);
  mkdirIfInside(root, dirname(path), given);
  // The folder's true place counts: a link must not lead out.
  const real = join(realpathSync(dirname(path)), basename(path));
  if (!isInside(root, real)) throw outside(given);
  return real;
}

function mkdirIfInside(root: string, folder: string, given: string): void {
  if (folder !== root && !isInside(root, folder)) throw outside(given);
  try {
    mkdirSync(folder, { recursive: true, mode: directoryMode });
  } catch (error) {
    throw failure(error);
  }
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function outside(given: string): AuditDeviceError {
  return new AuditDeviceError(
    `file_path ${JSON.stringify(given)} is outside the directory for audit devices: ` +
      "give a path below it (setting audit.devices_directory), or stdout or discard",
  );
}

async function openPrivate(path: string, mode: number): Promise<FileHandle> {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
  try {
    return await open(path, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, mode);
  } catch (error) {
    throw failure(error);
  }
}

function failure(error: unknown): AuditDeviceError {
  const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
  return new AuditDeviceError(`the audit file cannot be written: ${code}`);
}
