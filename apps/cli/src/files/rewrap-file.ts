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
import { readableFormat } from "./decrypting.ts";
import { formatBytes } from "./detect-format.ts";
import { FileError } from "./file-problem.ts";
import { writeStaged } from "./staged-file.ts";

/** How a file is put under other keys. */
export interface RewrapOptions {
  /** Reads the file as it is. */
  readonly reading: Keyring;
  /** The keys afterwards, for what the message says of itself. @throws FileError */
  readonly keysFor: (message: MessageDescription) => Keyring;
  /** The keys that the command names. */
  readonly namedKeys: Keyring | undefined;
  /** What the context is, at least; names that the message does not store are not stored afterwards either. */
  readonly context: Readonly<Record<string, string>>;
  readonly commitment: "required" | "optional";
  readonly signal: AbortSignal;
  readonly onProgress: (progress: FileProgress) => void;
}

/**
 * Puts a file under other keys, and in the place of the one that was there when it is whole. An age file gets another
 * header; a message or a JWE is encrypted anew under another data key, its plaintext in memory alone.
 *
 * @returns the file's bytes, and whether its body was encrypted anew
 * @throws EnvelopeError, FileError; then the file is as it was
 */
export async function rewrapFile(path: string, options: RewrapOptions): Promise<{ bytes: number; anew: boolean }> {
  // Replaced is what a link leads to.
  const target = await realpath(path);
  const before = await stat(target);
  if (!before.isFile()) throw new FileError("it is no file.");
  const start = await readStart(target);
  const format = readableFormat(start);
  const staged = { folder: dirname(target), target, like: before, keepTimes: false, overwrite: true };
  await writeStaged(staged, async (stage) => {
    if (format === "aws") await rewrapMessage(target, stage, await inspectMessage(start), options);
    else await rewrapOther(format, target, stage, before.size, options);
    await checkUnchanged(target, before);
  });
  return { bytes: before.size, anew: format !== "age" };
}

async function rewrapMessage(
  source: string,
  stage: string,
  message: MessageDescription,
  { context: brought, commitment, reading, signal, keysFor, onProgress }: RewrapOptions,
): Promise<void> {
  const names = Object.keys(brought).filter((name) => !Object.hasOwn(message.context, name));
  const context = { ...message.context, ...brought };
  // Nothing has its name before the signature was checked.
  const decrypting = { keyring: reading, context, commitment, releaseBeforeSignature: true };
  const encrypting = {
    materials: keyringMaterials({ keyring: keysFor(message), requiredContextNames: names }),
    context,
    sign: message.suite.signature !== undefined,
    ...(message.frameBytes === 0 ? {} : { frameBytes: message.frameBytes }),
  };
  const plaintext = decryptChunks(createReadStream(source, { highWaterMark: 1024 * 1024, signal }), decrypting);
  await encryptFile(plaintext, stage, { ...encrypting, signal, onProgress });
}

async function rewrapOther(
  format: "jwe" | "age" | "ageArmor",
  source: string,
  stage: string,
  size: number,
  { reading, namedKeys: keys, context, signal }: RewrapOptions,
): Promise<void> {
  if (format === "ageArmor")
    throw new FileError("it is armored, which rewrapping does not read; decrypt and encrypt it.");
  const { rewrapAgeFile, rewrapJweFile } = await import("./rewrap-others.ts");
  const rewrap = format === "age" ? rewrapAgeFile : rewrapJweFile;
  await using file = await open(stage, "wx", 0o600);
  for await (const bytes of rewrap(source, size, { reading, keys, context })) {
    signal.throwIfAborted();
    await file.writeFile(bytes);
  }
  await file.sync();
}

async function readStart(path: string): Promise<Uint8Array> {
  await using file: FileHandle = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(formatBytes), 0, formatBytes, 0);
  return buffer.subarray(0, bytesRead);
}

async function checkUnchanged(path: string, before: Stats): Promise<void> {
  const now = await stat(path);
  const same = now.ino === before.ino && now.size === before.size && now.mtimeMs === before.mtimeMs;
  if (!same) throw new FileError("it changed while it was read; try again when nobody writes to it.");
}
