import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseChainMember } from "./audit-chain.ts";
import { LineScanner } from "./line-scanner.ts";

/** A file of the log's records, named by the sequence number of its first. */
export interface Segment {
  readonly name: string;
  readonly firstSequence: number;
}

const segmentPattern = /^audit-([0-9]{12})\.jsonl$/;

/** The name of the segment that begins with a record. */
export function segmentName(firstSequence: number): string {
  return `audit-${String(firstSequence).padStart(12, "0")}.jsonl`;
}

/** The segments of a directory, in order. */
export async function listSegments(directory: string): Promise<readonly Segment[]> {
  const segments: Segment[] = [];
  for (const name of await readdir(directory)) {
    const found = segmentPattern.exec(name);
    if (found !== null) segments.push({ name, firstSequence: Number(found[1]) });
  }
  return segments.sort((a, b) => a.firstSequence - b.firstSequence);
}

/** The segment that holds a record if any does: the last that begins at or before it. */
export function segmentOf(segments: readonly Segment[], sequence: number): number {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (segments[middle]!.firstSequence <= sequence) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Below this distance a search reads on line by line. */
const nearBytes = 64 * 1024;
/** What one probe of a search reads at a time. */
const probeBytes = 8 * 1024;

/**
 * Finds a record in a segment by bisecting its bytes: the lines are in order and each says its number, so this needs no
 * index in memory and reads a few kilobytes of the largest segment.
 *
 * @returns where the line of the first record numbered `sequence` or higher starts, or `endBytes`
 */
export async function findRecord(handle: FileHandle, endBytes: number, sequence: number): Promise<number> {
  let low = 0;
  let high = endBytes;
  while (high - low > nearBytes) {
    const middle = (low + high) >>> 1;
    const probe = await firstLineAfter(handle, middle, endBytes);
    if (probe === undefined || probe.at >= high) high = middle + 1;
    else if (probe.sequence <= sequence) low = probe.at;
    else high = probe.at;
  }
  const scanner = new LineScanner(handle, low, endBytes);
  while (await scanner.fill()) {
    for (;;) {
      const at = scanner.lineAt;
      const line = scanner.next();
      if (line === undefined) break;
      const member = parseChainMember(line);
      if (member !== undefined && member.sequence >= sequence) return at;
    }
  }
  return endBytes;
}

/** The first whole line with a chain member that starts after `from`. */
async function firstLineAfter(
  handle: FileHandle,
  from: number,
  endBytes: number,
): Promise<{ readonly at: number; readonly sequence: number } | undefined> {
  const scanner = new LineScanner(handle, from, endBytes, probeBytes);
  let whole = false;
  while (await scanner.fill()) {
    for (;;) {
      const at = scanner.lineAt;
      const line = scanner.next();
      if (line === undefined) break;
      // The first is the rest of the line that `from` lies in.
      const member = whole ? parseChainMember(line) : undefined;
      if (member !== undefined) return { at, sequence: member.sequence };
      whole = true;
    }
  }
  return undefined;
}

/** Opens a segment to read it. */
export function openSegment(directory: string, segment: Segment): Promise<FileHandle> {
  return open(join(directory, segment.name), "r");
}
