import { chmod, mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@coffer/service";
import type { AuditHead } from "./audit-chain.ts";
import { type AuditDisk, nodeAuditDisk } from "./audit-disk.ts";
import { AuditTampered } from "./audit-errors.ts";
import { findLogTail, type LogTail } from "./audit-tail.ts";
import { CheckpointFile } from "./checkpoint-file.ts";
import type { CheckpointSigner } from "./checkpoints.ts";
import { lockDirectory } from "./directory-lock.ts";
import { FileAuditLog } from "./file-audit-log.ts";
import { lookUpRecord } from "./read-records.ts";
import { SegmentWriter } from "./segment-writer.ts";
import { listSegments, type Segment } from "./segments.ts";

/** How to open an audit log in a directory of files. */
export interface FileAuditLogOptions {
  /** Made with mode 0700 when it is missing. It belongs to one log and one process. */
  readonly directory: string;
  /** `disk`: an append returns once the record survives power loss; `os`: once it survives the process. */
  readonly durability: "disk" | "os";
  readonly checkpoint: CheckpointSigner;
  readonly clock: Clock;
  /** The newest record known to be durable, kept outside the directory (see `syncedHead`). */
  readonly trustedHead?: AuditHead;
  /** A segment that would grow beyond this is closed and the next begun; 64 MiB unless told. */
  readonly segmentBytes?: number;
  /** How many records may wait for the disk; 65,536 unless told. One batch that is being written comes on top. */
  readonly maxQueuedRecords?: number;
  /** How many bytes of records may wait for the disk; 16 MiB unless told. */
  readonly maxQueuedBytes?: number;
  /** Below this much free space health warns, before the disk is full; 64 MiB unless told. */
  readonly lowSpaceBytes?: number;
  /** The file system; tests inject one that fails. */
  readonly disk?: AuditDisk;
}

const mebibyte = 1024 * 1024;

/**
 * Opens a hash-chained audit log in a directory, or starts one. After a crash it drops the torn last line, which no
 * append was answered for, and goes on; it reads the end of the last segment only.
 *
 * @throws AuditTampered when `trustedHead` or a signed checkpoint tells of a record that is not there
 * @throws Error when another process has the log open, or the signing key is not that of the public key
 */
export async function openFileAuditLog(options: FileAuditLogOptions): Promise<FileAuditLog> {
  const { directory, disk = nodeAuditDisk, maxQueuedBytes = 16 * mebibyte } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const unlock = lockDirectory(directory);
  try {
    const checkpoints = await CheckpointFile.open(disk, directory, options.checkpoint);
    const segments = await listSegments(directory);
    const tail = await findLogTail(disk, directory, segments, maxQueuedBytes);
    await requireRecord(directory, segments, tail, checkpoints.last, "A signed checkpoint");
    await requireRecord(directory, segments, tail, options.trustedHead, "The server's store");
    await keepDamage(directory, tail);
    const segment =
      tail.segment === undefined
        ? await SegmentWriter.create(disk, directory)
        : await SegmentWriter.resume(disk, directory, tail.segment.name, tail.bytes);
    return new FileAuditLog({
      directory,
      disk,
      clock: options.clock,
      durable: options.durability === "disk",
      everyRecords: options.checkpoint.everyRecords,
      segmentBytes: options.segmentBytes ?? 64 * mebibyte,
      maxQueuedRecords: options.maxQueuedRecords ?? 65_536,
      maxQueuedBytes,
      lowSpaceBytes: options.lowSpaceBytes ?? 64 * mebibyte,
      head: tail.head,
      segment,
      checkpoints,
      unlock,
    });
  } catch (error) {
    unlock();
    throw error;
  }
}

async function requireRecord(
  directory: string,
  segments: readonly Segment[],
  tail: LogTail,
  known: AuditHead | undefined,
  witness: string,
): Promise<void> {
  if (known === undefined || known.sequence === 0) return;
  if (known.sequence > tail.head.sequence) {
    throw new AuditTampered(
      `${witness} tells of record ${known.sequence}, but the log ends with record ${tail.head.sequence}.`,
    );
  }
  const found =
    known.sequence === tail.head.sequence ? tail.head : await lookUpRecord(directory, segments, known.sequence);
  if (found?.hash !== known.hash) {
    throw new AuditTampered(`${witness} knows record ${known.sequence} with another hash than the log has.`);
  }
}

/** Whole lines that are no records are kept aside before they are cut off: power loss leaves such, but so may others. */
async function keepDamage(directory: string, tail: LogTail): Promise<void> {
  if (tail.invalidLines === 0 || tail.segment === undefined) return;
  const handle = await open(join(directory, tail.segment.name), "r");
  try {
    const damage = Buffer.alloc(tail.fileBytes - tail.bytes);
    await handle.read(damage, 0, damage.length, tail.bytes);
    const kept = join(directory, `damaged-after-${String(tail.head.sequence).padStart(12, "0")}.bin`);
    await writeFile(kept, damage, { mode: 0o600, flush: true });
    await chmod(kept, 0o600);
  } finally {
    await handle.close();
  }
}
