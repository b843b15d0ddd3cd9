import { type AuditHead, parseChainMember } from "./audit-chain.ts";
import { LineScanner } from "./line-scanner.ts";
import { findRecord, listSegments, openSegment, type Segment, segmentOf } from "./segments.ts";

/** One answer holds about this many bytes at most, so that no `limit` can fill the memory. */
const maxAnswerBytes = 16 * 1024 * 1024;

/**
 * Reads stored lines after a sequence number and up to `lastSequence`, oldest first. Fewer than `limit` come when the
 * log ends or 16 MiB are full; one at least when there is one.
 */
export async function readRecords(
  directory: string,
  afterSequence: number,
  lastSequence: number,
  limit: number,
): Promise<readonly string[]> {
  const lines: string[] = [];
  if (afterSequence >= lastSequence || limit <= 0) return lines;
  const segments = await listSegments(directory);
  const wanted = { after: afterSequence, last: lastSequence, limit, bytesLeft: maxAnswerBytes };
  for (let at = Math.max(0, segmentOf(segments, afterSequence + 1)); at < segments.length; at++) {
    if (!(await readSegment(directory, segments[at]!, wanted, lines))) break;
  }
  return lines;
}

/** @returns whether more is wanted from the next segment */
async function readSegment(
  directory: string,
  segment: Segment,
  wanted: { readonly after: number; readonly last: number; readonly limit: number; bytesLeft: number },
  lines: string[],
): Promise<boolean> {
  const handle = await openSegment(directory, segment);
  try {
    const { size } = await handle.stat();
    const from = segment.firstSequence > wanted.after ? 0 : await findRecord(handle, size, wanted.after + 1);
    const scanner = new LineScanner(handle, from, size);
    while (await scanner.fill()) {
      for (let line = scanner.next(); line !== undefined; line = scanner.next()) {
        const sequence = parseChainMember(line)?.sequence ?? wanted.last;
        if (sequence > wanted.last || lines.length >= wanted.limit || wanted.bytesLeft <= 0) return false;
        wanted.bytesLeft -= line.length;
        lines.push(line.toString("utf8"));
      }
    }
    return true;
  } finally {
    await handle.close();
  }
}

/** The hash of a record, or undefined when the log does not hold it. */
export async function lookUpRecord(
  directory: string,
  segments: readonly Segment[],
  sequence: number,
): Promise<AuditHead | undefined> {
  const segment = segments[segmentOf(segments, sequence)];
  if (segment === undefined) return undefined;
  const handle = await openSegment(directory, segment);
  try {
    const { size } = await handle.stat();
    const scanner = new LineScanner(handle, await findRecord(handle, size, sequence), size);
    while (await scanner.fill()) {
      const line = scanner.next();
      if (line === undefined) continue;
      const member = parseChainMember(line);
      return member?.sequence === sequence ? { sequence, hash: member.hash } : undefined;
    }
    return undefined;
  } finally {
    await handle.close();
  }
}
