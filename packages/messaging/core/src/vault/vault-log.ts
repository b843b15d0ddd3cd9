import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { MessagingError } from "../errors.ts";
import { randomBytes } from "../platform.ts";
import type { Changes } from "./run-buffered.ts";

const magic = new TextEncoder().encode("coffer vault 1\n");
const vaultIdBytes = 16;
const headerBytes = magic.length + vaultIdBytes;
const lengthBytes = 4;
const nonceBytes = 24;
const tagBytes = 16;
const frameOverheadBytes = nonceBytes + tagBytes;
/** The most bytes that one transaction changes. */
export const maxFrameBytes = 64 * 1024 * 1024;

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

  /** A new log. @param key 32 bytes, the log's from now on: `wipe` fills it with zeros */
  static create(key: Uint8Array): VaultLog {
    return new VaultLog(key, randomBytes(vaultIdBytes));
  }

  /** What a new log begins with. */
  get header(): Uint8Array {
    return concat(magic, this.vaultId);
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
      const body = frameAt(bytes, log.wholeBytes);
      const opened = body && log.#open(body);
      if (opened === undefined) {
        // A crash leaves one frame unfinished, at the end; anything else was changed.
        const isFirst = log.version === 0;
        const isLast = body === undefined || log.wholeBytes + lengthBytes + body.length === bytes.length;
        if (isFirst || !isLast) throw unreadable();
        break;
      }
      log.#apply(opened.version, decodeChanges(opened.changes));
      log.#lastTag = body!.slice(-tagBytes);
      log.wholeBytes += lengthBytes + body!.length;
    }
    return log;
  }

  /** The next frame: what `changes` make of the records. It is in force once `commit` is called. */
  seal(changes: Changes): { readonly frame: Uint8Array; commit(): void } {
    return this.#seal(this.version + 1, changes);
  }

  /** The whole log anew: its header and one frame with all records, at the same version. */
  compacted(): { readonly bytes: Uint8Array; commit(): void } {
    const fresh = new VaultLog(this.#key, this.vaultId);
    const { frame } = fresh.#seal(this.version, this.records);
    return {
      bytes: concat(this.header, frame),
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

  #seal(version: number, changes: Changes) {
    const plaintext = concat(encodeVersion(version), encodeChanges(changes));
    if (plaintext.length > maxFrameBytes) {
      throw new MessagingError("InvalidInput", "One transaction changes more than the vault takes at once.");
    }
    const nonce = randomBytes(nonceBytes);
    const sealed = xchacha20poly1305(this.#key, nonce, this.#aad()).encrypt(plaintext);
    plaintext.fill(0);
    const body = concat(nonce, sealed);
    const frame = concat(encodeLength(body.length), body);
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
    return concat(this.vaultId, encodeVersion(this.version), this.#lastTag);
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

/** The body of the frame at an offset; undefined when the log ends before it does. */
function frameAt(bytes: Uint8Array, offset: number): Uint8Array | undefined {
  if (bytes.length - offset < lengthBytes) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset + offset).getUint32(0);
  if (length < frameOverheadBytes || length > maxFrameBytes + frameOverheadBytes) return undefined;
  const begin = offset + lengthBytes;
  return begin + length > bytes.length ? undefined : bytes.subarray(begin, begin + length);
}

const deleted = 0xffff_ffff;

/** For each change: lengths of name and value (32 bits each, big-endian; all ones for what is deleted), name, value. */
function encodeChanges(changes: Changes): Uint8Array {
  const encoder = new TextEncoder();
  return concat(
    ...[...changes].flatMap(([name, value]) => {
      const key = encoder.encode(name);
      const lengths = new Uint8Array(2 * lengthBytes);
      const view = new DataView(lengths.buffer);
      view.setUint32(0, key.length);
      view.setUint32(lengthBytes, value?.length ?? deleted);
      return [lengths, key, value ?? new Uint8Array()];
    }),
  );
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

function encodeLength(length: number): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  new DataView(bytes.buffer).setUint32(0, length);
  return bytes;
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
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
