import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";

const roomBytes = 64 * 1024;
const privateFileMode = 0o600;

/** Finds out whether a disk takes writes, by writing 64 KiB to a file that goes again; throws what the disk answers. */
export function probeRoom(path: string): void {
  rmSync(path, { force: true });
  try {
    const file = openSync(path, "wx", privateFileMode);
    try {
      writeSync(file, Buffer.alloc(roomBytes));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } finally {
    rmSync(path, { force: true });
  }
}
