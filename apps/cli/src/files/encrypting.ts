import type { Stats } from "node:fs";
import type { EncryptOptions } from "@coffer/envelope";
import { encryptFile } from "@coffer/envelope/node";
import { appendToName } from "./file-names.ts";
import { inspectFile } from "./inspect-file.ts";
import { type DirectoryFile, type DirectoryRun, sameTime } from "./run-directory.ts";
import type { Transform } from "./transform-file.ts";
import { encryptedSuffix } from "./transform-options.ts";

/** What `encrypt` does with each file. */
export function encrypting(options: EncryptOptions): Transform {
  return { done: "encrypted", run: (source, target, more) => encryptFile(source, target, { ...options, ...more }) };
}

/** What `encrypt` does with a directory, but for the files' content. */
export function encryptedDirectory(options: EncryptOptions): Pick<DirectoryRun, "nameTarget" | "isDone"> {
  return {
    nameTarget: async (relative) => appendToName(relative, encryptedSuffix),
    isDone: (file, targetStats) => isEncrypted(file, targetStats, options),
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
