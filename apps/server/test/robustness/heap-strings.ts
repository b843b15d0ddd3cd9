import { readFileSync } from "node:fs";

/** Every string of a heap snapshot, as bytes: those of JavaScript's strings and the names of objects and members. */
export function readHeapStrings(file: string): Buffer {
  const { strings } = JSON.parse(readFileSync(file, "utf8")) as { strings: string[] };
  return Buffer.concat(strings.flatMap((text) => [Buffer.from(text, "utf8"), Buffer.from([0])]));
}
