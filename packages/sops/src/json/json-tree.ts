import { checkLimit } from "../limits.ts";
import { malformedFile } from "../problems.ts";
import { lineAt } from "../text-edits.ts";

/** A value of a JSON text and where it stands. */
export type JsonNode = JsonObject | JsonArray | JsonScalar;

interface Placed {
  readonly start: number;
  /** After its last character. */
  readonly end: number;
}

export interface JsonMember {
  readonly name: string;
  /** Of the name's quotation mark. */
  readonly start: number;
  readonly value: JsonNode;
}

export interface JsonObject extends Placed {
  readonly type: "object";
  readonly members: readonly JsonMember[];
}

export interface JsonArray extends Placed {
  readonly type: "array";
  readonly items: readonly JsonNode[];
}

export interface JsonScalar extends Placed {
  readonly type: "string" | "number" | "literal";
  /** A string's content; a number or literal as it is written. */
  readonly text: string;
}

const whitespace = /[ \t\n\r]*/y;
const numberToken = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const literalToken = /true|false|null/y;

/**
 * Parses JSON (RFC 8259) with the place of each value. A name that is twice in an object is refused: its value would not be
 * the same to all readers.
 *
 * @throws EnvelopeError MessageMalformed, LimitExceeded
 */
export function parseJson(source: string): JsonNode {
  checkLimit("fileCharacters", source.length);
  return new JsonReader(source).readAll();
}

class JsonReader {
  readonly #source: string;
  #offset = 0;
  #scalars = 0;

  constructor(source: string) {
    this.#source = source;
  }

  readAll(): JsonNode {
    const value = this.#value(0);
    this.#token(whitespace);
    if (this.#offset < this.#source.length) throw this.#problem("there is something after the end of the JSON value");
    return value;
  }

  #value(depth: number): JsonNode {
    checkLimit("depth", depth);
    this.#token(whitespace);
    const start = this.#offset;
    if (this.#source[start] === "{") return this.#object(start, depth);
    if (this.#source[start] === "[") return this.#array(start, depth);
    checkLimit("leaves", ++this.#scalars);
    if (this.#source[start] === '"') return this.#scalar("string", start, this.#string());
    const number = this.#token(numberToken);
    if (number !== undefined) return this.#scalar("number", start, number);
    const literal = this.#token(literalToken);
    if (literal !== undefined) return this.#scalar("literal", start, literal);
    throw this.#problem("a JSON value is missing or wrong");
  }

  #scalar(type: JsonScalar["type"], start: number, text: string): JsonScalar {
    return { type, start, end: this.#offset, text };
  }

  /** Its end is found by hand: strings may be as long as the file. */
  #string(): string {
    const start = this.#offset;
    let end = this.#source.indexOf('"', start + 1);
    while (end >= 0 && isEscaped(this.#source, end)) end = this.#source.indexOf('"', end + 1);
    if (end < 0) throw this.#problem("a JSON string has no end");
    try {
      const text = JSON.parse(this.#source.slice(start, end + 1)) as string;
      this.#offset = end + 1;
      return text;
    } catch {
      throw this.#problem("a JSON string has a character or an escape that is not allowed");
    }
  }

  #object(start: number, depth: number): JsonObject {
    const members: JsonMember[] = [];
    const names = new Set<string>();
    this.#list("}", () => {
      this.#token(whitespace);
      const at = this.#offset;
      if (this.#source[at] !== '"') throw this.#problem("the name of a member is missing");
      const name = this.#string();
      if (names.has(name)) throw this.#problem(`the name ${JSON.stringify(name)} is in its object twice`);
      names.add(name);
      this.#token(whitespace);
      if (this.#source[this.#offset++] !== ":") throw this.#problem("a colon is missing");
      members.push({ name, start: at, value: this.#value(depth + 1) });
    });
    return { type: "object", start, end: this.#offset, members };
  }

  #array(start: number, depth: number): JsonArray {
    const items: JsonNode[] = [];
    this.#list("]", () => items.push(this.#value(depth + 1)));
    return { type: "array", start, end: this.#offset, items };
  }

  #list(end: string, readOne: () => void): void {
    this.#offset++;
    this.#token(whitespace);
    if (this.#source[this.#offset] === end) {
      this.#offset++;
      return;
    }
    for (;;) {
      readOne();
      this.#token(whitespace);
      const next = this.#source[this.#offset++];
      if (next === end) return;
      if (next !== ",") throw this.#problem(`a comma or ${end} is missing`);
    }
  }

  #token(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset;
    const [token] = pattern.exec(this.#source) ?? [];
    if (token === undefined) return undefined;
    this.#offset += token.length;
    return token;
  }

  #problem(what: string) {
    return malformedFile(what, lineAt(this.#source, Math.min(this.#offset, this.#source.length)));
  }
}

function isEscaped(source: string, offset: number): boolean {
  let backslashes = 0;
  while (source[offset - 1 - backslashes] === "\\") backslashes++;
  return backslashes % 2 === 1;
}
