import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const chunk = Buffer.alloc(1024 * 1024);

/** A disk of its own (a tmpfs) that a test fills and empties. Only root can mount one. */
export class TinyDisk {
  readonly path: string;
  readonly #filler: string;

  private constructor(path: string) {
    this.path = path;
    this.#filler = join(path, "filler");
  }

  /** @returns why there can be none here, as a whole sentence */
  static mount(bytes: number): TinyDisk | string {
    if (process.platform !== "linux") return "A tmpfs is Linux's.";
    if (process.getuid?.() !== 0) return "Only root can mount a disk.";
    const path = mkdtempSync(join(tmpdir(), "coffer-disk-"));
    const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${bytes},mode=0700`, "tmpfs", path], {
      encoding: "utf8",
    });
    if (status === 0) return new TinyDisk(path);
    rmSync(path, { recursive: true });
    return `No disk can be mounted here: ${(stderr ?? "there is no mount").trim()}.`;
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  /** Leaves so many bytes free, or as few as there are. */
  fill(leaveBytes: number): void {
    const file = openSync(this.#filler, "a");
    try {
      for (let left = this.freeBytes - leaveBytes; left > 0; ) {
        const written = writeSync(file, chunk, 0, Math.min(left, chunk.length));
        left -= written;
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    } finally {
      closeSync(file);
    }
  }

  makeRoom(): void {
    rmSync(this.#filler, { force: true });
  }

  unmount(): void {
    spawnSync("umount", ["--lazy", this.path]);
    rmSync(this.path, { recursive: true, force: true });
  }
}
