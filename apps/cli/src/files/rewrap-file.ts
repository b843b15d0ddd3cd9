import { createReadStream, type Stats } from "node:fs";
import { type FileHandle, open, realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";
import {
  decryptChunks,
  inspectMessage,
  type Keyring,
  keyringMaterials,
  type MessageDescription,
} from "@coffer/envelope";
import { encryptFile, type FileProgress } from "@coffer/envelope/node";
import { refuseOtherFormats } from "./decrypting.ts";
import { formatBytes } from "./detect-format.ts";
import { FileError } from "./file-problem.ts";
import { writeStaged } from "./staged-file.ts";

/** How a file is put under other keys. */
export interface RewrapOptions {
  /** Reads the file as it is. */
  readonly reading: Keyring;
  /** The keys afterwards, for what the message says of itself. @throws FileError */
  readonly keysFor: (message: MessageDescription) => Keyring;
  /** What the context is, at least; names that the message does not store are not stored afterwards either. */
  readonly context: Readonly<Record<string, string>>;
  readonly commitment: "required" | "optional";
  readonly signal: AbortSignal;
  readonly onProgress: (progress: FileProgress) => void;
}

/**
 * Encrypts a message anew under another data key, and puts it in the place of the one that was there when it is whole.
 * The plaintext passes through memory, some frames at a time.
 *
 * @returns the file's bytes
 * @throws EnvelopeError, FileError; then the file is as it was
 */
export async function rewrapFile(path: string, options: RewrapOptions): Promise<number> {
  // Replaced is what a link leads to.
  const target = await realpath(path);
  const before = await stat(target);
  if (!before.isFile()) throw new FileError("it is no file.");
  const message = await readHeader(target);
  const { context: brought, commitment, reading, signal } = options;
  const names = Object.keys(brought).filter((name) => !Object.hasOwn(message.context, name));
  const context = { ...message.context, ...brought };
  // Nothing has its name before the signature was checked.
  const decrypting = { keyring: reading, context, commitment, releaseBeforeSignature: true };
  const encrypting = {
    materials: keyringMaterials({ keyring: options.keysFor(message), requiredContextNames: names }),
    context,
    sign: message.suite.signature !== undefined,
    ...(message.frameBytes === 0 ? {} : { frameBytes: message.frameBytes }),
  };
  await writeStaged(
    { folder: dirname(target), target, like: before, keepTimes: false, overwrite: true },
    async (staged) => {
      const plaintext = decryptChunks(createReadStream(target, { highWaterMark: 1024 * 1024, signal }), decrypting);
      const { onProgress } = options;
      await encryptFile(plaintext, staged, { ...encrypting, signal, onProgress });
      await checkUnchanged(target, before);
    },
  );
  return before.size;
}

async function readHeader(path: string): Promise<MessageDescription> {
  await using file: FileHandle = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(formatBytes), 0, formatBytes, 0);
  const start = buffer.subarray(0, bytesRead);
  refuseOtherFormats(start);
  return inspectMessage(start);
}

async function checkUnchanged(path: string, before: Stats): Promise<void> {
  const now = await stat(path);
  const same = now.ino === before.ino && now.size === before.size && now.mtimeMs === before.mtimeMs;
  if (!same) throw new FileError("it changed while it was read; try again when nobody writes to it.");
}
