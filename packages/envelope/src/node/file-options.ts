import type { Writable } from "node:stream";
import type { EncryptionContext } from "../encryption-context.ts";
import type { DecryptOptions, EncryptOptions } from "../options.ts";

/**
 * Where the bytes of a transfer go: a file's path, or a stream. A stream is ended when all went well (the standard output
 * stays open), and destroyed when not.
 */
export type FileTarget = string | Writable;

/** How far a transfer is. */
export interface FileProgress {
  /** Bytes of the source that were read and dealt with. */
  readonly bytesDone: number;
  /** Bytes of the source in all, if it is a file. */
  readonly bytesTotal: number | undefined;
}

/** How files are read and written. */
export interface FileOptions {
  /** Worker threads at most: 1 to 8. Default: as many as the machine runs at once, 4 at most. */
  readonly threads?: number;
  /** Sources below this take no worker threads. Default 16 MiB: done by the time that threads would have started. */
  readonly parallelFromBytes?: number;
  /** Called from time to time, and at the end. */
  readonly onProgress?: (progress: FileProgress) => void;
  /** Ends the transfer: nothing is left of its target, and the signal's reason is thrown. */
  readonly signal?: AbortSignal;
  /** Whether a file that is there is replaced; then source and target may be the same. Default: no. */
  readonly overwrite?: boolean;
  /** Whether a target file gets the times of its source file too. Default: no. */
  readonly keepTimes?: boolean;
}

/** Sources below this take no worker threads when nobody says. */
export const defaultParallelFromBytes = 16 * 1024 * 1024;

/** How a file is encrypted. `frameBytes` is 524,288 by default. */
export type EncryptFileOptions = EncryptOptions & FileOptions;
/** How a file is decrypted. */
export type DecryptFileOptions = DecryptOptions & FileOptions;

/** A transfer that is complete. */
export interface TransferredFile {
  readonly sourceBytes: number;
  readonly targetBytes: number;
}

/** A file that was decrypted. */
export interface DecryptedFile extends TransferredFile {
  /** All that the message is bound to, its public key apart. */
  readonly context: EncryptionContext;
  /** The suite's name, as the specification has it. */
  readonly suite: string;
  /** Whether a signature was checked. */
  readonly signed: boolean;
}

/** Bytes of plaintext in a frame of a file when nobody says. See docs/decisions/0025. */
export const defaultFileFrameBytes = 512 * 1024;
