import { createHash } from "node:crypto";
import { lstat, readdir, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { platform } from "#platform";

/** Names of temporary files: whose they are, so that those of a process that was killed are known for what they are. */
const namePattern = /^\.coffer-([0-9a-f]{8})-([1-9][0-9]{0,9})-[0-9a-f]{16}\.tmp$/;

/** Directories that were looked through: a run over a hundred thousand files lists each directory once. */
const cleaned = new Set<string>();
const maxCleaned = 1024;

let host: string | undefined;

/** Process ids say something on their own machine alone. */
function hostTag(): string {
  host ??= createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
  return host;
}

/**
 * A new name for a file that is not complete yet: `.coffer-HOST-PID-RANDOM.tmp`. When its process is killed, the next
 * `encryptFile` or `decryptFile` into the same directory removes it.
 */
export function temporaryName(): string {
  const random = Buffer.from(platform.randomBytes(8)).toString("hex");
  return `.coffer-${hostTag()}-${process.pid}-${random}.tmp`;
}

/**
 * Removes from a directory what processes of this machine left behind when they were killed. Each directory is looked
 * through once a process. What cannot be listed or removed stays.
 */
export async function removeStaleTemporaries(directory: string): Promise<void> {
  if (cleaned.has(directory)) return;
  if (cleaned.size >= maxCleaned) cleaned.clear();
  cleaned.add(directory);
  const names = await readdir(directory).catch(() => []);
  for (const name of names) {
    const [, tag, pid] = namePattern.exec(name) ?? [];
    if (tag !== hostTag()) continue;
    const path = join(directory, name);
    if (await isStale(path, Number(pid))) await unlink(path).catch(() => undefined);
  }
}

async function isStale(path: string, pid: number): Promise<boolean> {
  if (pid !== process.pid) return !isRunning(pid);
  // In containers the process before this one had the same id.
  const stat = await lstat(path).catch(() => undefined);
  return stat !== undefined && stat.ctimeMs < platform.now() - process.uptime() * 1000;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, and is somebody else's.
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}
