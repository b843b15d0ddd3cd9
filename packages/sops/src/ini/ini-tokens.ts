import { invalidInput, malformedFile } from "../problems.ts";
import { lineAt } from "../text-edits.ts";

/** Go's unicode.IsSpace. */
const space = "[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const leading = new RegExp(`^${space}+`);
const trailing = new RegExp(`${space}+$`);

export function trimLeft(text: string): string {
  return text.replace(leading, "");
}

export function trimSpace(text: string): string {
  return trimLeft(text).replace(trailing, "");
}

/** The end of a place's line, without and with its line break. */
export function lineEnd(source: string, offset: number): { readonly end: number; readonly next: number } {
  const found = source.indexOf("\n", offset);
  return found < 0 ? { end: source.length, next: source.length } : { end: found, next: found + 1 };
}

/** How a value stands in its line. */
export interface IniToken {
  readonly text: string;
  /** What stands around the text; empty for none. */
  readonly quote: string;
  readonly start: number;
  readonly end: number;
  /** A comment behind it, to its end. */
  readonly comment?: { readonly start: number; readonly end: number };
  /** Of the line after it. */
  readonly next: number;
}

/**
 * Reads what stands behind a key's delimiter, as gopkg.in/ini.v1 does by default: three quotation marks or backquotes hold
 * line breaks, a backslash at the end goes on with the next line, `#` and `;` begin a comment even between quotation marks.
 *
 * @throws EnvelopeError MessageMalformed
 */
export function readIniToken(source: string, offset: number): IniToken {
  const { end: lineStop, next } = lineEnd(source, offset);
  const rest = source.slice(offset, lineStop);
  const start = offset + rest.length - trimLeft(rest).length;
  const line = trimSpace(rest);
  if (line === "") return { text: "", quote: "", start: offset, end: lineStop, next };
  const quote =
    line.startsWith('"""') && source.slice(start, next).length > 3 ? '"""' : line.startsWith("`") ? "`" : "";
  if (quote !== "") return readQuoted(source, start, quote);
  if (line.endsWith("\\")) return readContinued(source, start, line);
  const mark = line.search(/[#;]/);
  const written = mark < 0 ? line : trimSpace(line.slice(0, mark));
  const surrounding = ["'", '"'].find((each) => isSurrounded(written, each)) ?? "";
  return {
    text: surrounding === "" ? written : written.slice(1, -1),
    quote: surrounding,
    start,
    end: start + written.length,
    ...(mark >= 0 && { comment: { start: start + mark, end: start + line.length } }),
    next,
  };
}

function readQuoted(source: string, start: number, quote: string): IniToken {
  const opened = start + quote.length;
  for (let from = opened; ; ) {
    const { end, next } = lineEnd(source, from);
    const closing = source.slice(from, end).lastIndexOf(quote);
    const after = closing < 0 ? "" : trimSpace(source.slice(from + closing + quote.length, end));
    // Of a line after the first, a backslash at the end goes on.
    if (closing >= 0 && (from === opened || !after.endsWith("\\"))) {
      return { text: source.slice(opened, from + closing), quote, start, end, next };
    }
    if (next === end) throw malformedFile(`a value has no closing ${quote}`, lineAt(source, start));
    from = next;
  }
}

function readContinued(source: string, start: number, first: string): IniToken {
  let text = first.slice(0, -1);
  let { end, next } = lineEnd(source, start);
  while (next > end) {
    const after = lineEnd(source, next);
    const line = trimSpace(source.slice(next, after.end));
    ({ end, next } = after);
    if (line === "") break;
    text += line;
    if (!text.endsWith("\\")) break;
    text = text.slice(0, -1);
  }
  return { text, quote: "", start, end, next };
}

function isSurrounded(text: string, quote: string): boolean {
  return text.length >= 2 && text.startsWith(quote) && text.indexOf(quote, 1) === text.length - 1;
}

/**
 * A text as it stands in a line, so that it is read as the same.
 *
 * @param quote what stood around the value before, if that will do
 * @throws EnvelopeError InvalidInput for a text that INI files cannot hold
 */
export function iniToken(text: string, quote = ""): string {
  for (const mark of [quote, "", '"', "`", '"""']) {
    const token = mark + text + mark;
    if (isReadAs(token, text)) return token;
  }
  throw invalidInput("A value has quotation marks and signs that cannot stand together in an INI file.");
}

function isReadAs(token: string, text: string): boolean {
  try {
    // With a line behind it, so that it does not go on there.
    const read = readIniToken(`${token}\n[x]\n`, 0);
    return read.text === text && read.next === token.length + 1 && read.comment === undefined;
  } catch {
    return false;
  }
}
