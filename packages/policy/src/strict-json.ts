/** The strictness limits of {@link parseStrictJson}. */
export interface StrictJsonLimits {
  /** How many arrays and objects may lie inside one another; a bare scalar is depth 0, `[]` is 1. */
  readonly maxDepth: number;
}

/**
 * What a strict parse gives. `offset` is in UTF-16 code units from the start of the text; `reason` is fixed wording that
 * never quotes the text, so it may be logged and returned although the text holds secrets.
 */
export type StrictJsonResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: StrictJsonReason; readonly offset: number };

/** Why a text was refused. */
export type StrictJsonReason = "invalid JSON" | "duplicate key" | "nested too deeply";

/**
 * Parses JSON (RFC 8259) and refuses what `JSON.parse` lets pass silently: an object that has one key twice (RFC 8259
 * section 4 leaves its meaning open, so two readers could see two different requests) and nesting past `maxDepth`.
 *
 * Objects are as `JSON.parse` makes them: every key is an own property, `__proto__` too. They inherit from
 * `Object.prototype`, so look untrusted names up with `Object.hasOwn`, and never `Object.assign` from one. Numbers may
 * overflow to Infinity. Lone surrogates pass. Never throws.
 */
export function parseStrictJson(text: string, limits: StrictJsonLimits): StrictJsonResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return locateProblem(text, limits.maxDepth);
  }
  if (typeof value !== "object" || value === null) return { ok: true, value };
  // A duplicate key replaces an earlier one, so the tree then has fewer keys than the text has colons.
  const written = countKeys(text, limits.maxDepth);
  if (written >= 0 && written === countOwnKeys(value)) return { ok: true, value };
  return locateProblem(text, limits.maxDepth);
}

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** How many `"key":` the valid JSON text has, or -1 when it nests too deeply. */
function countKeys(text: string, maxDepth: number): number {
  let keys = 0;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) i = endOfString(text, i);
    else if (code === colon) keys++;
    else if (code === openBrace || code === openBracket) {
      depth++;
      if (depth > maxDepth) return -1;
    } else if (code === closeBrace || code === closeBracket) depth--;
  }
  return keys;
}

/** The index of the quote that closes the string opened at `start`; the length of the text when none does. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0) {
    let before = end - 1;
    while (text.charCodeAt(before) === backslash) before--;
    // An even run of backslashes escapes itself, not the quote. The opening quote stops the run.
    if ((end - 1 - before) % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

/** The depth is bounded by `countKeys`, which runs first. */
function countOwnKeys(value: object): number {
  let keys = 0;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === "object" && item !== null) keys += countOwnKeys(item);
    return keys;
  }
  // Own enumerable names only: for-in would also see what somebody hung on Object.prototype.
  for (const name of Object.keys(value)) {
    keys++;
    const item = (value as Record<string, unknown>)[name];
    if (typeof item === "object" && item !== null) keys += countOwnKeys(item);
  }
  return keys;
}

type Cursor = { readonly text: string; at: number; reason: StrictJsonReason };

/** The slow path: where the first problem of a refused text is. */
function locateProblem(text: string, maxDepth: number): StrictJsonResult {
  const cursor: Cursor = { text, at: 0, reason: "invalid JSON" };
  // Reading all of it without a problem would mean that the two paths disagree: that is refused, at the end.
  if (readValue(cursor, maxDepth)) skipSpace(cursor);
  return { ok: false, reason: cursor.reason, offset: cursor.at };
}

/** Moves past one value; false leaves the cursor on the problem. The recursion is bounded by `depthLeft`. */
function readValue(cursor: Cursor, depthLeft: number): boolean {
  skipSpace(cursor);
  const code = cursor.text.charCodeAt(cursor.at);
  if (code !== openBrace && code !== openBracket) return readScalar(cursor) !== undefined;
  if (depthLeft <= 0) return fail(cursor, "nested too deeply");
  cursor.at++;
  const keys = code === openBrace ? new Set<string>() : undefined;
  const close = keys === undefined ? closeBracket : closeBrace;
  if (readPunctuation(cursor, close)) return true;
  do {
    if (keys !== undefined && !readKey(cursor, keys)) return false;
    if (!readValue(cursor, depthLeft - 1)) return false;
  } while (readPunctuation(cursor, comma));
  return readPunctuation(cursor, close);
}

function readKey(cursor: Cursor, keys: Set<string>): boolean {
  skipSpace(cursor);
  const start = cursor.at;
  const key = readScalar(cursor);
  if (typeof key === "string" && !keys.has(key)) {
    keys.add(key);
    return readPunctuation(cursor, colon);
  }
  cursor.at = start;
  return fail(cursor, typeof key === "string" ? "duplicate key" : "invalid JSON");
}

/** The string, number or word at the cursor; undefined, with the cursor unmoved, when there is none. */
function readScalar(cursor: Cursor): unknown {
  const { text, at } = cursor;
  let end = at;
  if (text.charCodeAt(at) === quote) end = endOfString(text, at) + 1;
  else while (end < text.length && !endsWord(text.charCodeAt(end))) end++;
  try {
    const value: unknown = JSON.parse(text.slice(at, end));
    cursor.at = end;
    return value;
  } catch {
    return undefined;
  }
}

function endsWord(code: number): boolean {
  return code <= 0x20 || code === comma || code === colon || code === closeBrace || code === closeBracket;
}

function readPunctuation(cursor: Cursor, code: number): boolean {
  skipSpace(cursor);
  if (cursor.text.charCodeAt(cursor.at) !== code) return false;
  cursor.at++;
  return true;
}

function skipSpace(cursor: Cursor): void {
  for (; cursor.at < cursor.text.length; cursor.at++) {
    const code = cursor.text.charCodeAt(cursor.at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
  }
}

function fail(cursor: Cursor, reason: StrictJsonReason): false {
  cursor.reason = reason;
  return false;
}
