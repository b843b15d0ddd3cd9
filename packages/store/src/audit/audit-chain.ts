import { hash } from "node:crypto";

/** A place in the chain: a record's sequence number and its hash in base64 (32 bytes). */
export interface AuditHead {
  readonly sequence: number;
  readonly hash: string;
}

/** What the first record follows: sequence 0, 32 zero bytes. */
export const genesis: AuditHead = { sequence: 0, hash: Buffer.alloc(32).toString("base64") };

/** The longest event that is accepted, in UTF-8 bytes. */
export const maxEventBytes = 1024 * 1024;

/** What the chain adds to an event's line, at most, with its line feed. */
export const maxChainMemberBytes = 192;

/** The longest line there can be, with its line feed. */
export const maxLineBytes = maxEventBytes + maxChainMemberBytes;

const domain = Buffer.from("coffer audit v1\0", "latin1");
const previousAt = domain.length;
const sequenceAt = previousAt + 32;
const eventAt = sequenceAt + 8;
const closingBrace = 0x7d;

/**
 * Computes record hashes and lines, as docs/AUDIT.md lays them down. It keeps one preimage buffer, so that a record
 * costs one hash call and no buffer: not for use by two callers in turns between `load` and the rest.
 */
export class ChainEncoder {
  #preimage = Buffer.alloc(0);
  #eventBytes = 0;

  constructor() {
    this.#reserve(16 * 1024);
  }

  /** Takes in an event's JSON and returns its length in UTF-8 bytes. */
  load(eventJson: string): number {
    this.#reserve(eventJson.length * 3);
    this.#eventBytes = this.#preimage.write(eventJson, eventAt, "utf8");
    return this.#eventBytes;
  }

  /** Takes in a stored line's event: the bytes before its chain member; the closing brace is put back. */
  loadStored(line: Buffer, chainMemberAt: number): void {
    this.#reserve(chainMemberAt + 1);
    line.copy(this.#preimage, eventAt, 0, chainMemberAt);
    this.#preimage[eventAt + chainMemberAt] = closingBrace;
    this.#eventBytes = chainMemberAt + 1;
  }

  /** The loaded event's hash as record number `sequence` after a record with hash `previous`; both base64. */
  hash(previous: string, sequence: number): string {
    const preimage = this.#preimage;
    preimage.write(previous, previousAt, 32, "base64");
    preimage.writeUInt32BE(Math.floor(sequence / 0x1_0000_0000), sequenceAt);
    preimage.writeUInt32BE(sequence >>> 0, sequenceAt + 4);
    return hash("sha256", preimage.subarray(0, eventAt + this.#eventBytes), "base64");
  }

  /** Writes the loaded event's line, line feed included, into `into` at `at`; returns the bytes written. */
  writeLine(into: Buffer, at: number, previous: string, record: AuditHead): number {
    const open = this.#eventBytes - 1;
    this.#preimage.copy(into, at, eventAt, eventAt + open);
    return open + into.write(chainMember(previous, record), at + open, "latin1");
  }

  #reserve(eventBytes: number): void {
    if (this.#preimage.length >= eventAt + eventBytes) return;
    const larger = Buffer.allocUnsafeSlow(eventAt + eventBytes);
    domain.copy(larger);
    this.#preimage = larger;
  }
}

function chainMember(previous: string, record: AuditHead): string {
  return `,"cofferChain":{"sequence":${record.sequence},"previous":"${previous}","hash":"${record.hash}"}}\n`;
}

/** The chain member of a stored line, as written: not yet checked. */
export interface ChainMember extends AuditHead {
  readonly previous: string;
  /** Where in the line the chain member's comma stands, in bytes. */
  readonly at: number;
}

const chainMemberPattern =
  /,"cofferChain":\{"sequence":([1-9][0-9]{0,14}),"previous":"([A-Za-z0-9+/]{43}=)","hash":"([A-Za-z0-9+/]{43}=)"\}\}$/;

/**
 * Finds the chain member at the end of a line without its line feed. Only the end counts: an event that holds the same
 * text elsewhere changes nothing.
 *
 * @returns undefined when the line does not end in a chain member
 */
export function parseChainMember(line: Buffer): ChainMember | undefined {
  const from = Math.max(0, line.length - maxChainMemberBytes);
  const found = chainMemberPattern.exec(line.toString("latin1", from));
  if (found === null) return undefined;
  const [, sequence, previous, recordHash] = found as unknown as [string, string, string, string];
  return { sequence: Number(sequence), previous, hash: recordHash, at: from + found.index };
}

/** Whether a line's hash is that of its event, sequence number and previous hash. Compares text: base64 has one form. */
export function hashHolds(encoder: ChainEncoder, line: Buffer, member: ChainMember): boolean {
  encoder.loadStored(line, member.at);
  return encoder.hash(member.previous, member.sequence) === member.hash;
}
