import type { Stats } from "node:fs";
import type { EncryptOptions, Keyring } from "@coffer/envelope";
import { encryptFile } from "@coffer/envelope/node";
import { appendToName } from "./file-names.ts";
import { inspectFile } from "./inspect-file.ts";
import { type DirectoryFile, type DirectoryRun, sameTime } from "./run-directory.ts";
import { transferBytes } from "./transfer-bytes.ts";
import type { Transform } from "./transform-file.ts";
import { formatSuffixes, type WrittenFormat } from "./transform-options.ts";

/** What `encrypt` does with each file. */
export function encrypting(options: EncryptOptions, format: WrittenFormat, keyring: Keyring): Transform {
  const done = "encrypted";
  if (format === "aws")
    return { done, run: (source, target, more) => encryptFile(source, target, { ...options, ...more }) };
  return {
    done,
    async run(source, target, more) {
      const { encryptToAge, encryptToJwe } = await import("./other-formats.ts");
      const transform = format === "jwe" ? encryptToJwe : encryptToAge;
      return transferBytes(source, target, more, transform({ keyring, context: options.context ?? {} }));
    },
  };
}

/** What `encrypt` does with a directory, but for the files' content. */
export function encryptedDirectory(
  options: EncryptOptions,
  format: WrittenFormat,
): Pick<DirectoryRun, "nameTarget" | "isDone"> {
  return {
    nameTarget: async (relative) => appendToName(relative, formatSuffixes[format]),
    // A file has its time before it has its name, so of other formats the time says enough.
    isDone: async (file, targetStats) =>
      format === "aws" ? isEncrypted(file, targetStats, options) : sameTime(file.sourceStats, targetStats),
  };
}

/**
 * Whether a file is the whole message of a source as it is now: it has the source's time and a message's length for the
 * source's, and the context and signature that this run asks for. Keys are not compared: the message names ARNs.
 */
async function isEncrypted(
  { sourceStats, target }: DirectoryFile,
  targetStats: Stats,
  { context = {}, sign = false }: EncryptOptions,
): Promise<boolean> {
  if (!sameTime(sourceStats, targetStats)) return false;
  const facts = await inspectFile(target).catch(() => undefined);
  const message = facts?.message;
  return (
    message?.plaintextBytes === sourceStats.size && message.signed === sign && sameContext(message.context, context)
  );
}

function sameContext(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && a[name] === b[name]);
}
