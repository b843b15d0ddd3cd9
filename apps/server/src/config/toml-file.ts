import { parse, TomlError, type TomlTable, type TomlValue } from "smol-toml";
import { ConfigError } from "./config-error.ts";

/** One value of a configuration file. */
export interface FileEntry {
  /** Dotted place, such as `audit.durability`. */
  readonly place: string;
  readonly value: TomlValue;
  readonly line: number | undefined;
}

/**
 * Reads a TOML text as a list of values with their lines.
 *
 * @throws ConfigError when it is not TOML 1.0
 */
export function parseTomlEntries(text: string, file: string): readonly FileEntry[] {
  let table: TomlTable;
  try {
    table = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const problem = error.message.split("\n", 1)[0]?.replace(/^Invalid TOML document: /, "") ?? "";
    throw new ConfigError(
      "configuration file",
      { kind: "file", file, line: error.line },
      `not valid TOML: ${problem}.`,
    );
  }
  const lines = linesOfKeys(text);
  const entries: FileEntry[] = [];
  const visit = (node: TomlTable, prefix: string): void => {
    for (const [key, value] of Object.entries(node)) {
      const place = prefix + key;
      if (isTable(value)) visit(value, `${place}.`);
      else entries.push({ place, value, line: lines.get(place) });
    }
  };
  visit(table, "");
  return entries;
}

function isTable(value: TomlValue): value is TomlTable {
  return typeof value === "object" && !Array.isArray(value) && !(value instanceof Date);
}

/** The line of each `key =`, for error messages. Keys inside inline tables and multi-line texts may be missed. */
function linesOfKeys(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  let prefix = "";
  for (const [index, line] of text.split("\n").entries()) {
    const header = /^\s*\[\s*([A-Za-z0-9_.\s-]+?)\s*\]/.exec(line);
    if (header !== null) {
      prefix = `${unspaced(header[1]!)}.`;
      continue;
    }
    const key = /^\s*([A-Za-z0-9_.\s-]+?)\s*=/.exec(line);
    if (key === null) continue;
    const place = prefix + unspaced(key[1]!);
    if (!lines.has(place)) lines.set(place, index + 1);
  }
  return lines;
}

function unspaced(dottedKey: string): string {
  return dottedKey.replace(/\s*\.\s*/g, ".");
}
