import { type AuditHealth, type AuditLog, type Clock, InvariantError } from "@coffer/service";
import { type AuditHead, ChainEncoder, maxEventBytes } from "./audit-chain.ts";
import { type AuditDisk, probeRoom } from "./audit-disk.ts";
import { auditUnavailable, describeFailure } from "./audit-errors.ts";
import type { CheckpointFile } from "./checkpoint-file.ts";
import { readRecords } from "./read-records.ts";
import { RecordBatch } from "./record-batch.ts";
import type { SegmentWriter } from "./segment-writer.ts";

/** How long a failed log rests between tries, and how often the files are looked after. */
const careMs = 1000;

/** What the log stands on; `openFileAuditLog` puts it together. */
export interface FileAuditLogParts {
  readonly directory: string;
  readonly disk: AuditDisk;
  readonly clock: Clock;
  readonly durable: boolean;
  readonly everyRecords: number;
  readonly segmentBytes: number;
  readonly maxQueuedRecords: number;
  readonly maxQueuedBytes: number;
  readonly lowSpaceBytes: number;
  readonly head: AuditHead;
  readonly segment: SegmentWriter;
  readonly checkpoints: CheckpointFile;
  readonly unlock: () => void;
}

interface Failure {
  readonly reason: string;
  readonly cause: unknown;
  readonly atMs: number;
}

/**
 * The audit log in files. Appends join the batch that waits; one writer at a time takes it, writes it with one write and
 * one sync, and answers all its appends, while the next batch gathers.
 *
 * After a failed write nothing is appended until the file was opened anew and cut to the last answered record: so the
 * chain has no gap and no fork. One append a second may try that; the others fail at once.
 */
export class FileAuditLog implements AuditLog {
  readonly #parts: FileAuditLogParts;
  readonly #encoder = new ChainEncoder();
  /** The newest record that was answered for. */
  #head: AuditHead;
  #synced: AuditHead;
  #batch: RecordBatch;
  #spare: Buffer | undefined;
  #writing: Promise<void> | undefined;
  #failure: Failure | undefined;
  /** Who has begun the one try that a failed log may make in a second; `care` comes without a record to try with. */
  #trying: "append" | "care" | undefined;
  #careDue = false;
  #inspectedAtMs: number;
  #freeBytes = Number.POSITIVE_INFINITY;
  #closed = false;
  #cancelCare: () => void;

  constructor(parts: FileAuditLogParts) {
    this.#parts = parts;
    this.#head = parts.head;
    this.#synced = parts.head;
    this.#batch = new RecordBatch(parts.head, undefined);
    this.#inspectedAtMs = parts.clock.nowMs();
    this.#cancelCare = parts.clock.schedule(careMs, () => this.#care());
  }

  append(eventJson: string): Promise<void> {
    if (this.#closed) return Promise.reject(auditUnavailable("The audit log is closed."));
    if (!isEvent(eventJson)) return Promise.reject(new InvariantError("an audit event is one line of a JSON object"));
    if (this.#failure !== undefined && !this.#mayTry(this.#failure)) {
      return Promise.reject(auditUnavailable(this.#failure.reason, this.#failure.cause));
    }
    const { maxQueuedRecords, maxQueuedBytes } = this.#parts;
    const batch = this.#batch;
    const eventBytes = this.#encoder.load(eventJson);
    if (eventBytes > maxEventBytes) {
      return Promise.reject(
        auditUnavailable(`The audit record has ${eventBytes} bytes; at most ${maxEventBytes} are taken.`),
      );
    }
    if (batch.records >= maxQueuedRecords || (batch.records > 0 && batch.bytes + eventBytes > maxQueuedBytes)) {
      return Promise.reject(auditUnavailable("Too many audit records wait for the disk; try again later."));
    }
    if (this.#failure !== undefined) this.#trying = "append";
    batch.add(this.#encoder, eventBytes);
    this.#wakeWriter();
    return batch.written;
  }

  health(): AuditHealth {
    if (this.#closed) return { ok: false, writable: false, reason: "The audit log is closed." };
    if (this.#failure !== undefined) return { ok: false, writable: false, reason: this.#failure.reason };
    if (this.#freeBytes < this.#parts.lowSpaceBytes) {
      const kibibytes = Math.floor(this.#freeBytes / 1024);
      const reason = `The disk that holds the audit log is almost full: ${kibibytes} KiB are left.`;
      return { ok: false, writable: true, reason };
    }
    return { ok: true, writable: true };
  }

  /** As the port says; fewer than `limit` also when the lines come to 16 MiB. */
  read(afterSequence: number, limit: number): Promise<readonly string[]> {
    return readRecords(this.#parts.directory, afterSequence, this.#head.sequence, limit);
  }

  lastSequence(): number {
    return this.#head.sequence;
  }

  /** The newest record that survives power loss: keep it outside the directory, and give it as `trustedHead` later. */
  syncedHead(): AuditHead {
    return this.#synced;
  }

  /**
   * Writes what waits and a last checkpoint, and frees the directory for another writer.
   *
   * @throws ServiceError AuditUnavailable when that could not be written; the log is closed even so
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelCare();
    await this.#writing;
    try {
      // After a failure a torn line may be there; the last checkpoint then waits for the next opening.
      if (this.#failure === undefined) await this.#checkpoint();
      else await this.#parts.segment.recover(this.#head);
    } catch (error) {
      throw auditUnavailable(describeFailure(error), error);
    } finally {
      await this.#parts.segment.close().catch(() => undefined);
      this.#parts.unlock();
    }
  }

  /** Whether an append may try although the last write failed; it also joins a try that has no record yet. */
  #mayTry(failure: Failure): boolean {
    return this.#trying === "care" || (this.#trying === undefined && this.#hasRested(failure));
  }

  #hasRested(failure: Failure): boolean {
    // Also when the clock was set back.
    return Math.abs(this.#parts.clock.nowMs() - failure.atMs) >= careMs;
  }

  /** Looks after the files also while nothing is appended: health then tells, and an idle log recovers. */
  #care(): void {
    this.#cancelCare = this.#parts.clock.schedule(careMs, () => this.#care());
    if (this.#failure !== undefined) {
      if (this.#trying !== undefined || !this.#hasRested(this.#failure)) return;
      this.#trying = "care";
    }
    this.#careDue = true;
    this.#wakeWriter();
  }

  #wakeWriter(): void {
    if (this.#writing !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#writing = promise;
    // Not at once: what else arrives in this turn of the event loop joins the batch.
    setImmediate(() => this.#writeAll().then(resolve));
  }

  async #writeAll(): Promise<void> {
    while (this.#batch.records > 0 || this.#careDue) {
      this.#careDue = false;
      const batch = this.#batch;
      this.#batch = new RecordBatch(batch.head, this.#spare);
      this.#spare = undefined;
      try {
        await this.#write(batch);
      } catch (error) {
        this.#fail(batch, error);
      }
      this.#spare = batch.release();
    }
    this.#writing = undefined;
  }

  async #write(batch: RecordBatch): Promise<void> {
    const { segment, segmentBytes, durable } = this.#parts;
    if (this.#failure === undefined) await this.#inspect();
    else await this.#recover(batch);
    if (batch.records > 0) {
      if (segment.bytes > 0 && segment.bytes + batch.bytes > segmentBytes) {
        await this.#checkpoint();
        await segment.rotate(this.#head);
      }
      await segment.append(batch.lines(), durable);
      this.#head = batch.head;
      if (durable) this.#synced = batch.head;
      batch.resolve();
    }
    this.#failure = undefined;
    this.#trying = undefined;
    await this.#checkpointIfDue();
  }

  /** Rejects everything that waits, and takes the chain back to the last answered record. */
  #fail(batch: RecordBatch, cause: unknown): void {
    const reason = describeFailure(cause);
    this.#failure = { reason, cause, atMs: this.#parts.clock.nowMs() };
    this.#trying = undefined;
    const waiting = this.#batch;
    this.#batch = new RecordBatch(this.#head, waiting.release());
    const error = auditUnavailable(reason, cause);
    for (const failed of [batch, waiting]) if (failed.records > 0) failed.reject(error);
  }

  async #recover(batch: RecordBatch): Promise<void> {
    const { segment, disk, directory } = this.#parts;
    await segment.recover(this.#head);
    await this.#checkpointIfDue();
    if (batch.records === 0) await probeRoom(disk, directory);
    this.#freeBytes = await disk.freeBytes(directory);
  }

  async #inspect(): Promise<void> {
    const { segment, disk, directory, clock } = this.#parts;
    const nowMs = clock.nowMs();
    if (Math.abs(nowMs - this.#inspectedAtMs) < careMs) return;
    this.#inspectedAtMs = nowMs;
    await segment.inspect();
    this.#freeBytes = await disk.freeBytes(directory);
  }

  async #checkpointIfDue(): Promise<void> {
    const { checkpoints, everyRecords } = this.#parts;
    if (this.#head.sequence - (checkpoints.last?.sequence ?? 0) >= everyRecords) await this.#checkpoint();
  }

  /** Signs the last answered record, unless that is done; what is signed is synced first. */
  async #checkpoint(): Promise<void> {
    const { segment, checkpoints, durable, clock } = this.#parts;
    const head = this.#head;
    if (head.sequence === (checkpoints.last?.sequence ?? 0)) return;
    if (!durable) await segment.sync();
    this.#synced = head;
    await checkpoints.append(head, clock.nowMs());
  }
}

function isEvent(json: string): boolean {
  return json.startsWith('{"') && json.endsWith("}") && !json.includes("\n");
}
