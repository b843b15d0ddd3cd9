import { createPublicKey, type KeyObject } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type AuditHead, ChainEncoder, genesis, hashHolds, maxLineBytes, parseChainMember } from "./audit-chain.ts";
import { isMissing } from "./audit-errors.ts";
import { type AuditFinding, FoundFault } from "./audit-finding.ts";
import { CheckpointReader } from "./checkpoint-reader.ts";
import { checkpointKeyName, checkpointsName, parseCheckpointKey } from "./checkpoints.ts";
import { LineScanner } from "./line-scanner.ts";
import { listSegments, openSegment, type Segment } from "./segments.ts";

/** What verifying a log found. */
export interface VerifyReport {
  /** Whether nothing is wrong and nothing is missing: no fault, and the log begins where it should. */
  readonly ok: boolean;
  /** The first fault; records before it are as they were written. */
  readonly fault?: AuditFinding;
  /**
   * The first record that is there. When it is a later one than asked for, a signed checkpoint or the auditor's head
   * vouches for the record before it: what is there holds, but the records before are not there to be verified.
   */
  readonly firstSequence: number;
  readonly segments: number;
  /** Records that hold. */
  readonly records: number;
  /** Checkpoints that hold. */
  readonly checkpoints: number;
  /** The last record that holds; sequence 0 when there is none. */
  readonly head: AuditHead;
  /** The last record that a good signature vouches for; 0 when there is none. Later ones could be cut off unseen. */
  readonly vouchedSequence: number;
  /** Whole sentences on what is no fault but worth knowing. */
  readonly notes: readonly string[];
}

/** How to verify a log. */
export interface VerifyOptions {
  /** The key that the auditor trusts; without it, the one in the directory is used and the report says so. */
  readonly publicKeyPem?: string;
  /**
   * A record that the auditor knows of, such as from an earlier report: the log must hold it, or begin behind it.
   */
  readonly trustedHead?: AuditHead;
  /** The first record that must be there; 1 unless told. Those before were archived elsewhere. */
  readonly fromSequence?: number;
  /** Called every few hundred kilobytes. */
  readonly onProgress?: (progress: VerifyProgress) => void;
}

/** How far verifying has come. */
export interface VerifyProgress {
  readonly file: string;
  readonly records: number;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/**
 * Verifies a log from the first record that is there: every hash, the order, the segments and the signed checkpoints. It reads every
 * byte once with constant memory, takes no lock and may run beside the server.
 *
 * @throws Error when a file cannot be read, or `publicKeyPem` is no Ed25519 public key
 */
export async function verifyAuditDirectory(directory: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  const run = new Verification(directory, options);
  try {
    await run.verify();
  } catch (error) {
    if (!(error instanceof FoundFault)) throw error;
    return run.report(error.finding);
  } finally {
    await run.close();
  }
  return run.report(undefined);
}

class Verification {
  readonly #directory: string;
  readonly #options: VerifyOptions;
  readonly #encoder = new ChainEncoder();
  readonly #notes: string[] = [];
  #checkpoints: CheckpointReader | undefined;
  #head = genesis;
  #firstSequence = 1;
  #segments = 0;
  #records = 0;
  #doneBytes = 0;
  #totalBytes = 0;

  constructor(directory: string, options: VerifyOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  async verify(): Promise<void> {
    // In this order the log may grow meanwhile: every segment but the last of the first list has its checkpoint in the
    // part of the file that is read, and every checkpoint there has its record in the second list's segments.
    const early = await listSegments(this.#directory);
    const checkpoints = await CheckpointReader.open(this.#directory, await this.#publicKey());
    this.#checkpoints = checkpoints;
    const segments = await listSegments(this.#directory);
    for (const { name } of segments) this.#totalBytes += (await stat(join(this.#directory, name))).size;
    await this.#begin(segments[0], checkpoints);
    for (const [at, segment] of segments.entries()) {
      await this.#verifySegment(segment, segments[at + 1], at < early.length ? checkpoints : undefined);
      this.#segments++;
    }
    this.#verifyEnd(segments.at(-1), checkpoints);
  }

  report(fault: AuditFinding | undefined): VerifyReport {
    return {
      ok: fault === undefined && this.#firstSequence <= this.#fromSequence,
      ...(fault === undefined ? {} : { fault }),
      firstSequence: this.#firstSequence,
      segments: this.#segments,
      records: this.#records,
      checkpoints: this.#checkpoints?.passed ?? 0,
      head: this.#head,
      vouchedSequence: this.#checkpoints?.passedSequence ?? 0,
      notes: this.#notes,
    };
  }

  get #fromSequence(): number {
    return this.#options.fromSequence ?? 1;
  }

  /** Finds what vouches for the record before the first one that is there. */
  async #begin(first: Segment | undefined, checkpoints: CheckpointReader): Promise<void> {
    if (first === undefined || first.firstSequence <= 1) return;
    const last = first.firstSequence - 1;
    const { trustedHead } = this.#options;
    const signed = await checkpoints.skipTo(last);
    const known = trustedHead?.sequence === last ? trustedHead : undefined;
    if (signed !== undefined && known !== undefined && signed.hash !== known.hash) {
      throw new FoundFault(checkpointsName, 0, last, "The record is another than the one known to the auditor.");
    }
    const anchor = signed ?? known;
    if (anchor === undefined) {
      throw new FoundFault(
        first.name,
        0,
        1,
        `Records 1 to ${last} are missing: no segment holds them, and no signed checkpoint vouches for record ${last}.`,
      );
    }
    this.#head = anchor;
    this.#firstSequence = first.firstSequence;
    this.#notes.push(
      `Verified from record ${first.firstSequence} on; records 1 to ${last} are not present. ` +
        `${signed === undefined ? "The given head" : "A signed checkpoint"} vouches for record ${last}.`,
    );
    if (trustedHead !== undefined && trustedHead.sequence < last) {
      this.#notes.push(`Record ${trustedHead.sequence}, known to the auditor, is not present.`);
    }
  }

  async close(): Promise<void> {
    await this.#checkpoints?.close();
  }

  async #publicKey(): Promise<KeyObject | undefined> {
    const trusted = this.#options.publicKeyPem;
    let pem: string;
    try {
      pem = await readFile(join(this.#directory, checkpointKeyName), "latin1");
    } catch (error) {
      if (!isMissing(error)) throw error;
      if (trusted === undefined) return undefined;
      this.#notes.push(`${checkpointKeyName} is missing; the given key was used.`);
      return requireKey(trusted);
    }
    const kept = parseCheckpointKey(pem);
    if (kept === undefined)
      throw new FoundFault(checkpointKeyName, 0, 0, "This is not the key as the server wrote it.");
    if (trusted === undefined) {
      this.#notes.push(`The key in ${checkpointKeyName} was used; who can replace the log can replace it too.`);
    } else if (!requireKey(trusted).equals(kept)) {
      throw new FoundFault(checkpointKeyName, 0, 0, "This is another key than the given one.");
    }
    return kept;
  }

  /** @param boundary where the record before the segment must have its checkpoint */
  async #verifySegment(
    segment: Segment,
    next: Segment | undefined,
    boundary: CheckpointReader | undefined,
  ): Promise<void> {
    const { name, firstSequence } = segment;
    const expected = this.#head.sequence + 1;
    if (firstSequence !== expected) {
      const reason =
        firstSequence > expected
          ? `Records ${expected} to ${firstSequence - 1} are missing: no segment holds them.`
          : `Record ${firstSequence} was in an earlier segment already.`;
      throw new FoundFault(name, 0, expected, reason);
    }
    if (
      boundary !== undefined &&
      firstSequence > this.#firstSequence &&
      boundary.passedSequence !== firstSequence - 1
    ) {
      throw new FoundFault(
        checkpointsName,
        0,
        firstSequence - 1,
        "The checkpoint that was made at rotation is missing.",
      );
    }
    const handle = await openSegment(this.#directory, segment);
    try {
      const scanner = new LineScanner(handle);
      let line = 0;
      while (await scanner.fill()) {
        const from = scanner.lineAt;
        for (let bytes = scanner.next(); bytes !== undefined; bytes = scanner.next()) {
          const checkpointDue = this.#verifyLine(name, ++line, bytes);
          if (checkpointDue) await this.#passCheckpoint();
        }
        this.#progress(name, scanner.lineAt - from);
      }
      const rest = scanner.rest();
      if (rest.length > 0) this.#verifyTorn(name, line + 1, rest, next);
    } finally {
      await handle.close();
    }
  }

  /** @returns whether a checkpoint stands at this record */
  #verifyLine(file: string, line: number, bytes: Buffer): boolean {
    const expected = this.#head.sequence + 1;
    const member = parseChainMember(bytes);
    if (member === undefined) {
      throw new FoundFault(
        file,
        line,
        expected,
        "The line does not end in a chain member: it was changed or inserted.",
      );
    }
    if (member.sequence !== expected) {
      const reason =
        member.sequence > expected
          ? `The line says record ${member.sequence}, but record ${expected} should be here: removed, moved or changed.`
          : `The line says record ${member.sequence} again: inserted, moved, duplicated or changed.`;
      throw new FoundFault(file, line, expected, reason);
    }
    if (member.previous !== this.#head.hash) {
      throw new FoundFault(file, line, expected, "The record does not follow the one before it.");
    }
    if (!hashHolds(this.#encoder, bytes, member)) {
      throw new FoundFault(file, line, expected, "The record's hash is not that of its content: it was changed.");
    }
    this.#head = { sequence: member.sequence, hash: member.hash };
    this.#records++;
    const { trustedHead } = this.#options;
    if (trustedHead?.sequence === expected && trustedHead.hash !== member.hash) {
      throw new FoundFault(file, line, expected, "The record is another than the one known to the auditor.");
    }
    return this.#checkpoints?.nextSequence === expected;
  }

  #verifyTorn(file: string, lineNumber: number, rest: Buffer, next: Segment | undefined): void {
    const sequence = this.#head.sequence + 1;
    if (next !== undefined) {
      throw new FoundFault(file, lineNumber, sequence, "The line has no end, yet another segment follows.");
    }
    // A crash leaves the beginning of a line, never a whole one with something else for its line feed.
    const line = rest.subarray(0, -1);
    const member = parseChainMember(line);
    if (rest.length > maxLineBytes || (member !== undefined && hashHolds(this.#encoder, line, member))) {
      throw new FoundFault(
        file,
        lineNumber,
        sequence,
        "The log ends in bytes that no crash leaves: they were changed or added.",
      );
    }
    this.#notes.push(
      `${file} ends in a torn line of ${rest.length} bytes, as a crash leaves it; no request was answered for it.`,
    );
  }

  async #passCheckpoint(): Promise<void> {
    await this.#checkpoints?.pass(this.#head);
  }

  #verifyEnd(last: Segment | undefined, checkpoints: CheckpointReader): void {
    const { sequence } = this.#head;
    const known = Math.max(checkpoints.nextSequence ?? 0, this.#options.trustedHead?.sequence ?? 0);
    if (known > sequence) {
      const witness = known === checkpoints.nextSequence ? "A signed checkpoint" : "The auditor";
      throw new FoundFault(
        last?.name ?? checkpointsName,
        0,
        sequence + 1,
        `${witness} tells of record ${known}, but the log ends with record ${sequence}: its end was cut off.`,
      );
    }
    if (checkpoints.tornBytes > 0) {
      this.#notes.push(
        `${checkpointsName} ends in a torn line of ${checkpoints.tornBytes} bytes, as a crash leaves it.`,
      );
    }
    if (sequence > checkpoints.passedSequence) {
      this.#notes.push(`Records after ${checkpoints.passedSequence} have no signed checkpoint yet.`);
    }
  }

  #progress(file: string, bytes: number): void {
    this.#doneBytes += bytes;
    const { onProgress } = this.#options;
    onProgress?.({ file, records: this.#records, doneBytes: this.#doneBytes, totalBytes: this.#totalBytes });
  }
}

function requireKey(pem: string): KeyObject {
  const key = createPublicKey(pem);
  if (key.asymmetricKeyType !== "ed25519") throw new Error("the given public key is not an Ed25519 key");
  return key;
}
