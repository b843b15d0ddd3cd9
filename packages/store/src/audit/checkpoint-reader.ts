import type { KeyObject } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import type { AuditHead } from "./audit-chain.ts";
import { isMissing } from "./audit-errors.ts";
import { FoundFault } from "./audit-finding.ts";
import {
  type Checkpoint,
  checkpointHolds,
  checkpointKeyName,
  checkpointsName,
  maxCheckpointLineBytes,
  parseCheckpoint,
} from "./checkpoints.ts";
import { LineScanner } from "./line-scanner.ts";

/** Reads the checkpoints beside the segments, one ahead, and checks each signature. */
export class CheckpointReader {
  readonly #publicKey: KeyObject | undefined;
  readonly #handle: FileHandle | undefined;
  readonly #scanner: LineScanner | undefined;
  #line = 0;
  #next: Checkpoint | undefined;
  passed = 0;
  passedSequence = 0;
  tornBytes = 0;

  private constructor(publicKey: KeyObject | undefined, handle: FileHandle | undefined, size: number) {
    this.#publicKey = publicKey;
    this.#handle = handle;
    this.#scanner = handle && new LineScanner(handle, 0, size);
  }

  static async open(directory: string, publicKey: KeyObject | undefined): Promise<CheckpointReader> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(join(directory, checkpointsName), "r");
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    const reader = new CheckpointReader(publicKey, handle, handle === undefined ? 0 : (await handle.stat()).size);
    try {
      await reader.#advance();
    } catch (error) {
      await reader.close();
      throw error;
    }
    return reader;
  }

  /** The record that the next checkpoint is about; undefined after the last. */
  get nextSequence(): number | undefined {
    return this.#next?.sequence;
  }

  /** Checks the next checkpoint against the record that it is about. */
  async pass(record: AuditHead): Promise<void> {
    const checkpoint = this.#next;
    if (checkpoint?.hash !== record.hash) this.#fault(record.sequence, "The checkpoint is about another record.");
    this.passed++;
    this.passedSequence = record.sequence;
    await this.#advance();
  }

  /**
   * Goes past the checkpoints of records that are not there, each of which has to be signed and in order.
   *
   * @param sequence the last record that is not there
   * @returns that record, when a checkpoint is about it
   */
  async skipTo(sequence: number): Promise<AuditHead | undefined> {
    while (this.#next !== undefined && this.#next.sequence < sequence) await this.#advance();
    const anchor = this.#next;
    if (anchor?.sequence !== sequence) return undefined;
    const head = { sequence, hash: anchor.hash };
    await this.pass(head);
    return head;
  }

  async close(): Promise<void> {
    await this.#handle?.close();
  }

  async #advance(): Promise<void> {
    const before = this.#next?.sequence ?? 0;
    const bytes = await this.#nextLine();
    if (bytes === undefined) {
      this.#next = undefined;
      const rest = this.#scanner?.rest() ?? Buffer.alloc(0);
      this.tornBytes = rest.length;
      if (rest.length > maxCheckpointLineBytes || parseCheckpoint(rest.toString("latin1", 0, rest.length - 1))) {
        this.#line++;
        this.#fault(before, "The file ends in bytes that no crash leaves: they were changed or added.");
      }
      return;
    }
    this.#line++;
    const checkpoint = parseCheckpoint(bytes.toString("latin1"));
    if (checkpoint === undefined) return this.#fault(before, "The line is not a checkpoint as the server writes it.");
    if (checkpoint.sequence <= before) this.#fault(checkpoint.sequence, "The checkpoint is out of order.");
    if (this.#publicKey === undefined) {
      throw new FoundFault(checkpointKeyName, 0, 0, "The key is missing, so no checkpoint can be verified.");
    }
    if (!checkpointHolds(checkpoint, this.#publicKey)) {
      this.#fault(checkpoint.sequence, "The checkpoint's signature is not good.");
    }
    this.#next = checkpoint;
  }

  async #nextLine(): Promise<Buffer | undefined> {
    for (;;) {
      const line = this.#scanner?.next();
      if (line !== undefined) return line;
      if (this.#scanner === undefined || !(await this.#scanner.fill())) return undefined;
    }
  }

  #fault(sequence: number, reason: string): never {
    throw new FoundFault(checkpointsName, this.#line, sequence, reason);
  }
}
