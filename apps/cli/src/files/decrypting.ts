import type { Stats } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import type { DecryptOptions, Keyring } from "@coffer/envelope";
import { decryptFile, type FileSource } from "@coffer/envelope/node";
import { detectFormat, type FileFormat } from "./detect-format.ts";
import { type FileName, showName, stripFromName } from "./file-names.ts";
import { FileError } from "./file-problem.ts";
import { inspectFile } from "./inspect-file.ts";
import { type DirectoryFile, type DirectoryRun, sameTime } from "./run-directory.ts";
import { transferBytes } from "./transfer-bytes.ts";
import type { Transform } from "./transform-file.ts";
import { encryptedSuffixes } from "./transform-options.ts";

/** What `decrypt` does with each file. */
export function decrypting(options: DecryptOptions, keyring: Keyring): Transform {
  return {
    done: "decrypted",
    async run(source, target, more) {
      const { format, rest } = await findFormat(source);
      if (format === "aws") return decryptFile(rest, target, { ...options, ...more });
      const { decryptFromAge, decryptFromArmoredAge, decryptFromJwe } = await import("./other-formats.ts");
      const transforms = { jwe: decryptFromJwe, age: decryptFromAge, ageArmor: decryptFromArmoredAge };
      return transferBytes(rest, target, more, transforms[format]({ keyring, context: options.context ?? {} }));
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
  const suffix = encryptedSuffixes.find((ending) => stripFromName(relative, ending) !== undefined);
  if (suffix === undefined) return relative;
  const stripped = stripFromName(relative, suffix)!;
  const beside = stripFromName(source, suffix)!;
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
  if (facts !== undefined && facts.format !== "aws") return true;
  return facts?.message?.plaintextBytes === targetStats.size;
}

/** The formats that are read. */
type ReadFormat = "aws" | "jwe" | "age" | "ageArmor";

/** What to do with files of other formats. */
const otherFormats: Readonly<Record<Exclude<FileFormat, ReadFormat>, string>> = {
  awsBase64: "it is a message in base64; decode it first: base64 -d FILE | coffer decrypt -",
  sops: "it is a SOPS file; coffer config decrypt reads it",
};

/** Looks at how a source begins. @returns its format, and the source from its beginning on */
async function findFormat(source: FileSource): Promise<{ readonly format: ReadFormat; readonly rest: FileSource }> {
  if (typeof source === "string") {
    await using file = await open(source);
    return { format: readableFormat(await readStart(file)), rest: source };
  }
  const chunks = source[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  for (let bytes = 0; bytes < startBytes; bytes += first.at(-1)!.length) {
    const next = await chunks.next();
    if (next.done === true) break;
    first.push(next.value);
  }
  return { format: readableFormat(Buffer.concat(first)), rest: rejoin(first, chunks) };
}

/** Bytes that tell a stream's format, but for SOPS's in a long file. */
const startBytes = 1024;
const fileStartBytes = 64 * 1024;

async function readStart(file: FileHandle): Promise<Uint8Array> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(fileStartBytes), 0, fileStartBytes, 0);
  return buffer.subarray(0, bytesRead);
}

/** A format that is read, by how a file begins. @throws FileError that says what it is otherwise */
export function readableFormat(start: Uint8Array): ReadFormat {
  const format = detectFormat(start);
  if (format === "awsBase64" || format === "sops") throw new FileError(`${otherFormats[format]}.`);
  if (format !== undefined) return format;
  if (start.length === 0) throw new FileError("it is empty: what was encrypted has at least a header.");
  throw new FileError("its format is unknown: no AWS Encryption SDK message, JWE or age file begins so.");
}

async function* rejoin(first: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
