import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import type { NamedSecret } from "./stored-secrets.ts";

/** Shorter patterns would be met by chance. */
const shortestPattern = 8;

interface Pattern {
  readonly name: string;
  readonly bytes: Buffer;
}

/** The texts that base64 of anything with `bytes` in it holds, whatever stands before and behind. */
function base64Cores(bytes: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    const from = Math.ceil((before * 8) / 6);
    const whole = Math.floor(((before + bytes.length) * 8) / 6);
    return text.slice(from, whole);
  });
}

function patternsOf({ name, bytes }: NamedSecret): Pattern[] {
  const base64 = base64Cores(bytes);
  const base64Url = base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
  const texts = [...base64, ...base64Url, bytes.toString("hex"), bytes.toString("hex").toUpperCase()];
  const wide = Buffer.from(bytes.toString("latin1"), "utf16le");
  // What becomes of bytes that were taken for Latin-1 text.
  const mistaken = Buffer.from(bytes.toString("latin1"), "utf8");
  const patterns = [bytes, wide, mistaken, ...texts.map((text) => Buffer.from(text, "latin1"))];
  return patterns.filter((pattern) => pattern.length >= shortestPattern).map((pattern) => ({ name, bytes: pattern }));
}

/** Finds secrets in bytes: as they are, as UTF-16, in hex, and in base64 at any place in a longer text. */
export class SecretScanner {
  /** Patterns by their first four bytes. */
  readonly #patterns = new Map<number, Pattern[]>();
  readonly #begins = new Uint8Array(0x1_0000);

  constructor(secrets: readonly NamedSecret[]) {
    for (const pattern of secrets.flatMap(patternsOf)) {
      const first = pattern.bytes.readUInt32BE(0);
      this.#begins[first >>> 16] = 1;
      this.#patterns.set(first, [...(this.#patterns.get(first) ?? []), pattern]);
    }
  }

  /** The names of the secrets that `bytes` hold, each once. */
  find(bytes: Buffer): string[] {
    const found = new Set<string>();
    for (let at = 0; at + 4 <= bytes.length; at += 1) {
      if (this.#begins[(bytes[at]! << 8) | bytes[at + 1]!] === 0) continue;
      for (const pattern of this.#patterns.get(bytes.readUInt32BE(at)) ?? []) {
        const end = at + pattern.bytes.length;
        if (end <= bytes.length && pattern.bytes.compare(bytes, at, end) === 0) found.add(pattern.name);
      }
    }
    return [...found];
  }

  /** What every file below a folder holds, as `FILE: SECRET`. */
  findInFiles(folder: string): string[] {
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).isFile())
      .flatMap((path) => this.find(readFileSync(path)).map((name) => `${relative(folder, path)}: ${name}`));
  }
}
