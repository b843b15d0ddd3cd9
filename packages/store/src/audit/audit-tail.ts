import { join } from "node:path";
import { type AuditHead, ChainEncoder, genesis, hashHolds, maxLineBytes, parseChainMember } from "./audit-chain.ts";
import type { AuditDisk, AuditFile } from "./audit-disk.ts";
import { AuditTampered } from "./audit-errors.ts";
import type { Segment } from "./segments.ts";

const firstWindowBytes = 64 * 1024;
const lineFeed = 0x0a;

/** How a segment ends. */
export interface SegmentTail {
  /** Its last whole and valid record; undefined when it has none. */
  readonly head: AuditHead | undefined;
  /** Where that record's line ends; what follows was never answered for. */
  readonly bytes: number;
  /** Lines after it that have their line feed and are not valid. A killed process leaves none; power loss may. */
  readonly invalidLines: number;
}

/**
 * Finds a segment's last valid record, reading its end only.
 *
 * @param endBytes the file's length
 * @param maxDamagedBytes how much unanswered data a crash can have left at the end
 * @returns undefined when no valid record ends within that distance of the end
 */
export async function readTail(
  file: AuditFile,
  endBytes: number,
  maxDamagedBytes: number,
): Promise<SegmentTail | undefined> {
  for (let windowBytes = firstWindowBytes; ; windowBytes *= 4) {
    const from = Math.max(0, endBytes - windowBytes);
    const found = lastValid(await readRange(file, from, endBytes), from);
    if (found !== undefined) return found;
    if (windowBytes > maxDamagedBytes + maxLineBytes) return undefined;
  }
}

function lastValid(bytes: Buffer, from: number): SegmentTail | undefined {
  const encoder = new ChainEncoder();
  let invalidLines = 0;
  let end = bytes.lastIndexOf(lineFeed);
  while (end >= 0) {
    const before = end === 0 ? -1 : bytes.lastIndexOf(lineFeed, end - 1);
    if (before === -1 && from > 0) return undefined;
    const line = bytes.subarray(before + 1, end);
    const member = parseChainMember(line);
    if (member !== undefined && hashHolds(encoder, line, member)) {
      return { head: { sequence: member.sequence, hash: member.hash }, bytes: from + end + 1, invalidLines };
    }
    invalidLines++;
    end = before;
  }
  return from > 0 ? undefined : { head: undefined, bytes: 0, invalidLines };
}

/** Reads `from` (included) to `to`; shorter when the file ends before. */
export async function readRange(file: AuditFile, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(to - from);
  let done = 0;
  while (done < bytes.length) {
    const read = await file.read(bytes.subarray(done), from + done);
    if (read === 0) break;
    done += read;
  }
  return bytes.subarray(0, done);
}

/** Where a log that is being opened goes on. */
export interface LogTail {
  readonly head: AuditHead;
  /** The segment to append to; undefined when there is none yet. */
  readonly segment: Segment | undefined;
  /** Where in it the next line goes. */
  readonly bytes: number;
  /** The file's present length: more than `bytes` after a crash. */
  readonly fileBytes: number;
  readonly invalidLines: number;
}

/**
 * Finds where a log goes on. It reads the end of the last segment, and the end of the one before only if the last has no
 * record yet.
 *
 * @throws AuditTampered when no crash explains what is there
 */
export async function findLogTail(
  disk: AuditDisk,
  directory: string,
  segments: readonly Segment[],
  maxDamagedBytes: number,
): Promise<LogTail> {
  const segment = segments.at(-1);
  if (segment === undefined) return { head: genesis, segment, bytes: 0, fileBytes: 0, invalidLines: 0 };
  const last = await tailOf(disk, directory, segment, maxDamagedBytes);
  const { bytes, fileBytes, invalidLines } = last;
  if (last.head !== undefined) return { head: last.head, segment, bytes, fileBytes, invalidLines };
  if (segment.firstSequence === 1) return { head: genesis, segment, bytes, fileBytes, invalidLines };
  const before = segments.at(-2);
  const { head } = before === undefined ? {} : await tailOf(disk, directory, before, 0);
  if (head?.sequence !== segment.firstSequence - 1) {
    throw new AuditTampered(`${segment.name} should follow record ${segment.firstSequence - 1}, which is missing.`);
  }
  return { head, segment, bytes, fileBytes, invalidLines };
}

async function tailOf(
  disk: AuditDisk,
  directory: string,
  segment: Segment,
  maxDamagedBytes: number,
): Promise<SegmentTail & { readonly fileBytes: number }> {
  const file = await disk.open(join(directory, segment.name), "existing");
  try {
    const fileBytes = (await file.stat()).bytes;
    const tail = await readTail(file, fileBytes, maxDamagedBytes);
    if (tail === undefined) throw new AuditTampered(`${segment.name} ends in more damage than a crash can leave.`);
    return { ...tail, fileBytes };
  } finally {
    await file.close();
  }
}
