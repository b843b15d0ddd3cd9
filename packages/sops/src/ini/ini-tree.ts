import { checkLimit } from "../limits.ts";
import { malformedFile } from "../problems.ts";
import { lineAt } from "../text-edits.ts";
import { type IniToken, lineEnd, readIniToken, trimLeft, trimSpace } from "./ini-tokens.ts";

/** A comment's line, or its place behind a value. */
export interface CommentPiece {
  /** Of its mark. */
  readonly start: number;
  readonly end: number;
  /** Of the line. */
  readonly lineStart: number;
  readonly next: number;
  /** Whether it stands behind something. */
  readonly inline: boolean;
}

/** The comments that belong to one key or section: those before it, and behind it. SOPS has them as one. */
export interface IniComment {
  readonly type: "comment";
  /** Without the first mark. */
  readonly text: string;
  readonly pieces: readonly CommentPiece[];
}

export interface IniKey {
  readonly type: "key";
  readonly name: string;
  readonly value: IniToken;
  /** Of its line. */
  readonly start: number;
}

export interface IniSection {
  readonly name: string;
  /** Of its header's line; 0 when it has none. */
  readonly start: number;
  /** Of the line after its last key, or its header. */
  next: number;
  /** In SOPS's order: the section's comment, then each key and after it the comment that stands before it. */
  readonly items: (IniKey | IniComment)[];
}

/** What SOPS calls the keys before the first section. */
export const defaultSection = "DEFAULT";

/**
 * Parses INI as SOPS does (gopkg.in/ini.v1, sections may be there more than once).
 *
 * @returns at least one section: what stands before the first header; comments with nothing after them belong to the last
 * @throws EnvelopeError MessageMalformed, LimitExceeded
 */
export function parseIni(source: string): readonly IniSection[] {
  checkLimit("fileCharacters", source.length);
  const begin = source.startsWith("\ufeff") ? 1 : 0;
  let section: IniSection = { name: defaultSection, start: begin, next: begin, items: [] };
  const sections = [section];
  let pieces: CommentPiece[] = [];
  let names = new Set<string>();
  let count = 0;
  const takeComment = (): void => {
    if (pieces.length > 0) section.items.push({ type: "comment", text: commentText(source, pieces), pieces });
    pieces = [];
  };
  for (let lineStart = begin; lineStart < source.length; ) {
    const { end, next } = lineEnd(source, lineStart);
    const line = trimLeft(source.slice(lineStart, end));
    const start = end - line.length;
    const at = lineStart;
    lineStart = next;
    if (line === "") continue;
    checkLimit("leaves", ++count);
    if (/^[#;]/.test(line)) {
      pieces.push({ start, end, lineStart: at, next, inline: false });
    } else if (line.startsWith("[")) {
      const closing = line.lastIndexOf("]");
      if (closing < 2) throw malformedFile("a section's header is [NAME]", lineAt(source, at));
      section = { name: line.slice(1, closing), start: at, next, items: [] };
      sections.push(section);
      names = new Set();
      const mark = line.slice(closing).search(/[#;]/);
      if (mark >= 0) pieces.push({ start: start + closing + mark, end, lineStart: at, next, inline: true });
      takeComment();
    } else {
      const { name, offset } = readName(source, line, at);
      const value = readIniToken(source, start + offset);
      if (names.has(name)) {
        throw malformedFile("a key stands twice in a section, of which sops would lose one", lineAt(source, at));
      }
      names.add(name);
      section.items.push({ type: "key", name, value, start: at });
      if (value.comment) pieces.push({ ...value.comment, lineStart: at, next: value.next, inline: true });
      takeComment();
      section.next = value.next;
      lineStart = value.next;
    }
  }
  takeComment();
  return sections;
}

/** A key's name, which may stand in quotation marks, and where its value begins. */
function readName(source: string, line: string, at: number): { readonly name: string; readonly offset: number } {
  const quote = /^"""(?=.{4})|^["`]/.exec(line)?.[0] ?? "";
  const closing = quote === "" ? 0 : line.indexOf(quote, quote.length);
  const delimiter = closing < 0 ? -1 : line.slice(closing + quote.length).search(/[=:]/);
  const name = trimSpace(quote === "" ? line.slice(0, Math.max(delimiter, 0)) : line.slice(quote.length, closing));
  // The line itself is not told: it may be a part of a secret.
  if (delimiter < 0 || name === "") throw malformedFile("a line of an INI file is NAME = VALUE", lineAt(source, at));
  if (name === "-") throw malformedFile("the key - has no name that sops keeps: give it one", lineAt(source, at));
  return { name, offset: closing + quote.length + delimiter + 1 };
}

function commentText(source: string, pieces: readonly CommentPiece[]): string {
  const whole = pieces.map(({ start, end, inline }) => source.slice(start, end) + (inline ? "" : "\n")).join("");
  return trimSpace(whole).replace(commentMark, "");
}

/** What SOPS takes off a comment's beginning. */
export const commentMark: RegExp = /^(?:;[; ]*|#[# ]*)/;
