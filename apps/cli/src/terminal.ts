import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Prints a line to stdout. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Colours a text if stdout is a terminal that wants colours (NO_COLOR, FORCE_COLOR). */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** Rewrites one line on a terminal's stderr; nothing elsewhere. An empty text clears it. */
export function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/** Text from elsewhere, made safe for a terminal: control characters, which could move its cursor, become `?`. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?");
}

/** Lines of two columns, the first as wide as its longest text. */
export function twoColumns(rows: readonly (readonly [left: string, right: string])[], indent = "  "): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${indent}${left.padEnd(width)}  ${right}`.trimEnd());
}

const helpColumns = 100;

/** As `twoColumns`, with long texts of the second column broken between words. */
export function wrappedColumns(rows: readonly (readonly [left: string, right: string])[]): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return twoColumns(
    rows.flatMap(([left, right]) =>
      wrap(right, helpColumns - width).map((line, index) => [index === 0 ? left : "", line] as const),
    ),
  );
}

function wrap(text: string, columns: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.length - 1;
    const line = lines[last]!;
    if (line === "") lines[last] = word;
    else if (line.length + 1 + word.length <= columns) lines[last] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/**
 * Ends the process when its output cannot be written: quietly when whoever reads it stops early, as `head` does, else with
 * a line that says why.
 */
export function exitOnClosedOutput(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(0);
  const meaning = error.code === "ENOSPC" ? "no space is left where it goes" : "it cannot be written";
  process.stderr.write(`coffer: standard output: ${meaning} (${error.code ?? error.message}).\n`);
  process.exit(1);
}
