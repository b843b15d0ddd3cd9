import { isUtf8 } from "node:buffer";
import { printable } from "../terminal.ts";

/** The name of a file as the system has it: a text, or bytes where they are no text. */
export type FileName = string | Buffer;

/** Standard input or output, as an argument names it. */
export const standardStream = "-";

/** A name for people: bytes that are no UTF-8 and control characters, which could move a cursor, are shown as `\xNN`. */
export function showName(name: FileName): string {
  if (typeof name === "string") return printable(name);
  if (isUtf8(name)) return printable(name.toString("utf8"));
  return name
    .toString("latin1")
    .replace(/[^\x20-\x7e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** Joins a folder and a name below it. */
export function joinNames(folder: FileName, name: FileName): FileName {
  return nameOf(Buffer.concat([bytesOf(folder), Buffer.from("/"), bytesOf(name)]));
}

/** A name with something added at its end. */
export function appendToName(name: FileName, suffix: string): FileName {
  return nameOf(Buffer.concat([bytesOf(name), Buffer.from(suffix)]));
}

/** A name without its ending. @returns undefined when it does not end so, or has nothing before it */
export function stripFromName(name: FileName, suffix: string): FileName | undefined {
  const bytes = bytesOf(name);
  const rest = bytes.subarray(0, bytes.length - suffix.length);
  if (bytes.length <= suffix.length || bytes.toString("latin1", rest.length) !== suffix) return undefined;
  // "/" or nothing before the suffix: a hidden file whose whole name is the suffix.
  return rest.at(-1) === slash ? undefined : nameOf(rest);
}

/** Bytes of a name, for comparisons. */
export function bytesOf(name: FileName): Buffer {
  return typeof name === "string" ? Buffer.from(name) : name;
}

const slash = 0x2f;

/** A name of bytes, as a text where that says the same: a text is what everything takes. */
export function nameOf(bytes: FileName): FileName {
  return typeof bytes === "string" || !isUtf8(bytes) ? bytes : bytes.toString("utf8");
}
