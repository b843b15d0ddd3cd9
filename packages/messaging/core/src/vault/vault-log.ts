import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { MessagingError } from "../errors.ts";
import { randomBytes } from "../platform.ts";
import type { Changes } from "./run-buffered.ts";

const magic = new TextEncoder().encode("coffer vault 1\n");
const vaultIdBytes = 16;
const headerBytes = magic.length + vaultIdBytes;
const lengthBytes = 4;
const frameHeadBytes = 2 * lengthBytes;
const nonceBytes = 24;
const tagBytes = 16;
const frameOverheadBytes = nonceBytes + tagBytes;
/** The most bytes that one transaction changes. */
export const maxTransactionBytes = 64 * 1024 * 1024;
/** The most bytes of all records together: written anew, they are one frame. */
const maxFrameBytes = 1024 * 1024 * 1024;

/**
 * The records of a vault as a log of sealed transactions. Each frame is XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03; random
 * nonces of 192 bits), whose associated data has the vault's id, the frame's version and the tag of the frame before. So a frame
 * opens in its place alone: what somebody can make of a log is a beginning of it, and that is an older version.
 */
export class VaultLog {
  readonly vaultId: Uint8Array;
  readonly records = new Map<string, Uint8Array>();
  version = 0;
  /** Bytes of what the log would be with its newest records alone, about. */
  liveBytes = 0;
  /** Bytes of the log that are whole; what follows is the rest of a write that never ended. */
  wholeBytes = headerBytes;
  readonly #key: Uint8Array;
  #lastTag: Uint8Array = new Uint8Array(tagBytes);

  private constructor(key: Uint8Array, vaultId: Uint8Array) {
    this.#key = key;
    this.vaultId = vaultId;
  }

  /**
   * A new log, and the bytes that it begins with: its header and a frame without changes, by which another key shows.
   *
   * @param key 32 bytes, the log's from now on: `wipe` fills it with zeros
   */
  static create(key: Uint8Array): { readonly log: VaultLog; readonly bytes: Uint8Array } {
    const log = new VaultLog(key, randomBytes(vaultIdBytes));
    const { bytes, commit } = log.compacted();
    commit();
    return { log, bytes };
  }

  /**
   * Reads a log. The rest of a transaction that was cut off by a crash is left out.
   *
   * @param key 32 bytes, the log's from now on
   * @throws MessagingError VaultUnreadable: the key is another one, or the log was changed
   */
  static read(key: Uint8Array, bytes: Uint8Array): VaultLog {
    if (bytes.length < headerBytes || magic.some((byte, at) => bytes[at] !== byte)) throw unreadable();
    const log = new VaultLog(key, bytes.slice(magic.length, headerBytes));
    while (log.wholeBytes < bytes.length) {
      const next = frameAt(bytes, log.wholeBytes);
      const opened = next.body && log.#open(next.body);
      if (opened === undefined) {
        if (!next.isUnfinished) throw unreadable();
        break;
      }
      log.#apply(opened.version, decodeChanges(opened.changes));
      log.#lastTag = next.body!.slice(-tagBytes);
      log.wholeBytes += frameHeadBytes + next.body!.length;
    }
    // The first frame came with the header, at once: without it nothing shows whether the key is right.
    if (log.wholeBytes === headerBytes) throw unreadable();
    return log;
  }

  /** The next frame: what `changes` make of the records. It is in force once `commit` is called. */
  seal(changes: Changes): { readonly frame: Uint8Array; commit(): void } {
    return this.#seal(this.version + 1, changes, maxTransactionBytes);
  }

  /** The whole log anew: its header and one frame with all records, at the same version. */
  compacted(): { readonly bytes: Uint8Array; commit(): void } {
    const fresh = new VaultLog(this.#key, this.vaultId);
    const { frame } = fresh.#seal(this.version, this.records, maxFrameBytes);
    return {
      bytes: concat([magic, this.vaultId, frame]),
      commit: () => {
        this.#lastTag = frame.slice(-tagBytes);
        this.wholeBytes = headerBytes + frame.length;
      },
    };
  }

  /** Fills the key and all records with zeros. */
  wipe(): void {
    this.#key.fill(0);
    for (const value of this.records.values()) value.fill(0);
    this.records.clear();
  }

  #seal(version: number, changes: Changes, mostBytes: number) {
    const plaintext = concat([encodeVersion(version), ...encodeChanges(changes)]);
    if (plaintext.length > mostBytes) {
      throw new MessagingError("InvalidInput", "One transaction changes more than the vault takes at once.");
    }
    const nonce = randomBytes(nonceBytes);
    const sealed = xchacha20poly1305(this.#key, nonce, this.#aad()).encrypt(plaintext);
    plaintext.fill(0);
    const body = concat([nonce, sealed]);
    const frame = concat([encodeHead(body.length), body]);
    return {
      frame,
      commit: () => {
        this.#apply(version, changes);
        this.#lastTag = body.slice(-tagBytes);
        this.wholeBytes += frame.length;
      },
    };
  }

  #open(body: Uint8Array): { version: number; changes: Uint8Array } | undefined {
    try {
      const cipher = xchacha20poly1305(this.#key, body.subarray(0, nonceBytes), this.#aad());
      const plaintext = cipher.decrypt(body.subarray(nonceBytes));
      const version = Number(new DataView(plaintext.buffer, plaintext.byteOffset).getBigUint64(0));
      return { version, changes: plaintext.subarray(8) };
    } catch {
      return undefined;
    }
  }

  #aad(): Uint8Array {
    return concat([this.vaultId, encodeVersion(this.version), this.#lastTag]);
  }

  #apply(version: number, changes: Changes): void {
    for (const [name, value] of changes) {
      const before = this.records.get(name);
      if (before !== undefined) this.liveBytes -= before.length + name.length;
      before?.fill(0);
      if (value === undefined) this.records.delete(name);
      else {
        this.records.set(name, value.slice());
        this.liveBytes += value.length + name.length;
      }
    }
    this.version = version;
  }
}

interface FoundFrame {
  readonly body?: Uint8Array;
  /** Whether a crash can have left it so: it is the last, and anything else was changed. */
  readonly isUnfinished: boolean;
}

/**
 * The frame at an offset. Its head is the body's length and, so that a damaged length is not taken for a write that never
 * ended, all bits of it inverted (32 bits each, big-endian).
 */
function frameAt(bytes: Uint8Array, offset: number): FoundFrame {
  const bodyAt = offset + frameHeadBytes;
  if (bodyAt > bytes.length) return { isUnfinished: true };
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset);
  const length = view.getUint32(0);
  const isWhole = view.getUint32(lengthBytes) === ~length >>> 0;
  if (!isWhole || length < frameOverheadBytes || length > maxFrameBytes + frameOverheadBytes) {
    // A file system may have made the file longer and never written what was to be there.
    return { isUnfinished: isZeros(bytes.subarray(bodyAt)) };
  }
  const end = bodyAt + length;
  return end > bytes.length
    ? { isUnfinished: true }
    : { body: bytes.subarray(bodyAt, end), isUnfinished: isZeros(bytes.subarray(end)) };
}

function isZeros(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

const deleted = 0xffff_ffff;

/** For each change: lengths of name and value (32 bits each, big-endian; all ones for what is deleted), name, value. */
function encodeChanges(changes: Changes): Uint8Array[] {
  const encoder = new TextEncoder();
  return [...changes].flatMap(([name, value]) => {
    const key = encoder.encode(name);
    const lengths = new Uint8Array(2 * lengthBytes);
    const view = new DataView(lengths.buffer);
    view.setUint32(0, key.length);
    view.setUint32(lengthBytes, value?.length ?? deleted);
    return [lengths, key, value ?? new Uint8Array()];
  });
}

function decodeChanges(bytes: Uint8Array): Changes {
  const decoder = new TextDecoder();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const changes = new Map<string, Uint8Array | undefined>();
  for (let at = 0; at < bytes.length; ) {
    const [nameBytes, valueBytes] = [view.getUint32(at), view.getUint32(at + lengthBytes)];
    const nameAt = at + 2 * lengthBytes;
    const valueAt = nameAt + nameBytes;
    const name = decoder.decode(bytes.subarray(nameAt, valueAt));
    at = valueBytes === deleted ? valueAt : valueAt + valueBytes;
    changes.set(name, valueBytes === deleted ? undefined : bytes.slice(valueAt, at));
  }
  return changes;
}

function encodeVersion(version: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(version));
  return bytes;
}

function encodeHead(length: number): Uint8Array {
  const bytes = new Uint8Array(frameHeadBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length);
  view.setUint32(lengthBytes, ~length >>> 0);
  return bytes;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** The error of a vault that does not open, whatever the cause. */
export function unreadable(cause?: unknown): MessagingError {
  return new MessagingError(
    "VaultUnreadable",
    "The vault does not open: its key or passphrase is another one, or it was changed.",
    { cause },
  );
}
