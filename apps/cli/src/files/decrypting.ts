import type { Stats } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import type { DecryptOptions } from "@coffer/envelope";
import { decryptFile, type FileSource } from "@coffer/envelope/node";
import { detectFormat, type FileFormat } from "./detect-format.ts";
import { type FileName, showName, stripFromName } from "./file-names.ts";
import { FileError } from "./file-problem.ts";
import { inspectFile } from "./inspect-file.ts";
import { type DirectoryFile, type DirectoryRun, sameTime } from "./run-directory.ts";
import type { Transform } from "./transform-file.ts";
import { encryptedSuffix } from "./transform-options.ts";

/** What `decrypt` does with each file. */
export function decrypting(options: DecryptOptions): Transform {
  return {
    done: "decrypted",
    async run(source, target, more) {
      const message = await checkFormat(source);
      return decryptFile(message, target, { ...options, ...more });
    },
  };
}

/** What `decrypt` does with a directory, but for the files' content. */
export const decryptedDirectory: Pick<DirectoryRun, "nameTarget" | "isDone"> = {
  nameTarget: nameDecrypted,
  isDone: isDecrypted,
};

/** `a.enc` becomes `a`; what is named otherwise keeps its name, unless two would become one. */
async function nameDecrypted(relative: FileName, source: FileName): Promise<FileName> {
  const stripped = stripFromName(relative, encryptedSuffix);
  if (stripped === undefined) return relative;
  const beside = stripFromName(source, encryptedSuffix)!;
  const there = await lstat(beside).catch(() => undefined);
  if (there?.isFile()) {
    throw new FileError(`${showName(beside)} is beside it, and both would become one file; decrypt it alone, with -o.`);
  }
  return stripped;
}

/** Whether a file is the plaintext of a message: it has the message's time, and the length that the message says. */
async function isDecrypted({ source, sourceStats }: DirectoryFile, targetStats: Stats): Promise<boolean> {
  if (!sameTime(sourceStats, targetStats)) return false;
  const facts = await inspectFile(source).catch(() => undefined);
  return facts?.message?.plaintextBytes === targetStats.size;
}

/** What to do with files that are no messages. */
const otherFormats: Readonly<Record<Exclude<FileFormat, "aws">, string>> = {
  awsBase64: "it is a message in base64; decode it first: base64 -d FILE | coffer decrypt -",
  jwe: "it is a JSON Web Encryption, which this command does not read",
  age: "it is an age file, which this command does not read",
  ageArmor: "it is an armored age file, which this command does not read",
  sops: "it is a SOPS file; coffer config decrypt reads it",
};

/** Looks at how a source begins. @returns the source, from its beginning on */
async function checkFormat(source: FileSource): Promise<FileSource> {
  if (typeof source === "string") {
    await using file = await open(source);
    refuseOtherFormats(await readStart(file));
    return source;
  }
  const chunks = source[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  for (let bytes = 0; bytes < startBytes; bytes += first.at(-1)!.length) {
    const next = await chunks.next();
    if (next.done === true) break;
    first.push(next.value);
  }
  refuseOtherFormats(Buffer.concat(first));
  return rejoin(first, chunks);
}

/** Bytes that tell a stream's format, but for SOPS's in a long file. */
const startBytes = 1024;
const fileStartBytes = 64 * 1024;

async function readStart(file: FileHandle): Promise<Uint8Array> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(fileStartBytes), 0, fileStartBytes, 0);
  return buffer.subarray(0, bytesRead);
}

/** Says what a file is that is no message, by how it begins. @throws FileError */
export function refuseOtherFormats(start: Uint8Array): void {
  const format = detectFormat(start);
  if (format === "aws") return;
  if (format !== undefined) throw new FileError(`${otherFormats[format]}.`);
  if (start.length === 0) throw new FileError("it is empty: a message has at least a header.");
  throw new FileError("its format is unknown: no message of the AWS Encryption SDK begins so.");
}

async function* rejoin(first: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
