import { type Position, refuseAt } from "./nodes.ts";

export type TokenKind = "name" | "string" | "number" | "bool" | "end" | "{" | "}" | "[" | "]" | "," | "=" | ":";

export interface Token extends Position {
  readonly kind: TokenKind;
  /** The text of a name or number, the value of a string, otherwise the token itself. */
  readonly text: string;
}

const space = /[ \t\r\n]+/y;
const comment = /(?:#|\/\/)[^\n]*|\/\*[\s\S]*?\*\//y;
const name = /[\p{L}_][\p{L}\p{Nd}_.-]*/uy;
const number = /-?(?:0[xX][0-9a-fA-F]+|[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)/y;
const jsonNumber = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const stringBody = /"[^"\\\n]*(?:\\[\s\S][^"\\\n]*)*"/y;
const heredoc = /<<(-?)([\p{L}\p{Nd}_]+)\r?\n/uy;
const escapeSequence = /\\(?:([abfnrtv\\"])|([0-7]{3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|[\s\S])/g;
const punctuation: ReadonlySet<string> = new Set(["{", "}", "[", "]", ","]);
const escapes: ReadonlyMap<string, string> = new Map(
  Object.entries({ a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v", "\\": "\\", '"': '"' }),
);

/**
 * Reads the tokens of HCL 1, or of JSON. HCL's `${...}` is text like another: policies have no interpolation.
 * Throws a PolicyRefusal where the text is neither.
 */
export class Scanner {
  readonly #text: string;
  readonly #json: boolean;
  #at = 0;
  #line = 1;
  #lineStart = 0;
  #ahead: Token | undefined;

  constructor(text: string, json: boolean) {
    this.#text = text;
    this.#json = json;
  }

  peek(): Token {
    this.#ahead ??= this.#scan();
    return this.#ahead;
  }

  next(): Token {
    const token = this.peek();
    this.#ahead = undefined;
    return token;
  }

  #scan(): Token {
    this.#skip();
    const position = { line: this.#line, column: this.#at - this.#lineStart + 1 };
    const char = this.#text.charAt(this.#at);
    if (char === "") return { kind: "end", text: "end of the text", ...position };
    const mark = this.#json ? ":" : "=";
    if (punctuation.has(char) || char === mark) {
      this.#at++;
      return { kind: char as TokenKind, text: char, ...position };
    }
    if (char === '"') return { kind: "string", text: this.#string(position), ...position };
    if (char === "<" && !this.#json) return { kind: "string", text: this.#heredoc(position), ...position };
    const digits = this.#take(this.#json ? jsonNumber : number);
    if (digits !== undefined) return { kind: "number", text: digits, ...position };
    const word = this.#take(name);
    if (word === undefined) refuseAt(position, "illegal character");
    return { kind: word === "true" || word === "false" ? "bool" : "name", text: word, ...position };
  }

  #skip(): void {
    while (this.#take(space) !== undefined || (!this.#json && this.#take(comment) !== undefined));
  }

  #string(position: Position): string {
    const raw = this.#take(stringBody);
    if (raw === undefined) refuseAt(position, "literal not terminated");
    return this.#json ? unquoteJson(raw, position) : unquote(raw, position);
  }

  /** A heredoc ends at the line that has its anchor alone; `<<-` takes the anchor's indentation off every line. */
  #heredoc(position: Position): string {
    const opening = this.#match(heredoc);
    if (opening === undefined) refuseAt(position, "invalid heredoc anchor");
    const lines: string[] = [];
    for (;;) {
      const end = this.#text.indexOf("\n", this.#at);
      const line = end < 0 ? this.#text.slice(this.#at) : this.#text.slice(this.#at, end);
      this.#advance(line.length + (end < 0 ? 0 : 1));
      if (line.trim() === opening[2]) return joinHeredoc(lines, opening[1] === "-" ? line : "");
      if (end < 0) refuseAt(position, "heredoc not terminated");
      lines.push(line);
    }
  }

  #take(pattern: RegExp): string | undefined {
    return this.#match(pattern)?.[0];
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#advance(match[0].length);
    return match;
  }

  #advance(length: number): void {
    const end = this.#at + length;
    for (let at = this.#text.indexOf("\n", this.#at); at >= 0 && at < end; at = this.#text.indexOf("\n", at + 1)) {
      this.#line++;
      this.#lineStart = at + 1;
    }
    this.#at = end;
  }
}

function joinHeredoc(lines: readonly string[], lastLine: string): string {
  const indent = /^[ \t]*/.exec(lastLine)?.[0] ?? "";
  const unindents = lines.every((line) => line.startsWith(indent));
  return lines.map((line) => `${unindents ? line.slice(indent.length) : line}\n`).join("");
}

function unquote(raw: string, position: Position): string {
  return raw
    .slice(1, -1)
    .replace(escapeSequence, (all, char?: string, octal?: string, hex?: string, u4?: string, u8?: string) => {
      if (char !== undefined) return escapes.get(char) ?? all;
      const code = octal !== undefined ? Number.parseInt(octal, 8) : Number.parseInt(hex ?? u4 ?? u8 ?? "", 16);
      // What is above ASCII in \x and octal would be a lone byte, not a character.
      const highest = octal === undefined && hex === undefined ? 0x10_ffff : 0x7f;
      if (!(code <= highest)) refuseAt(position, "illegal char escape");
      return String.fromCodePoint(code);
    });
}

function unquoteJson(raw: string, position: Position): string {
  try {
    return String(JSON.parse(raw));
  } catch {
    refuseAt(position, "invalid JSON string");
  }
}
